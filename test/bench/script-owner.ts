import PQueue from "p-queue";
import { createRuntimeOwner } from "../../src/script/index.ts";
import { type BenchResult, compare, microsecondsEach, printResults } from "./script-rounds.ts";

// The owner's call of a synchronous job against p-queue at concurrency 1, one after the other and a thousand at once.

const COUNT = 50_000;
const AT_ONCE = 1_000;

export async function bench(): Promise<BenchResult[]> {
  const owner = createRuntimeOwner();
  const queue = new PQueue({ concurrency: 1 });
  let counter = 0;
  const job = (): number => ++counter;
  const many = (add: () => Promise<unknown>): Promise<number> =>
    microsecondsEach(COUNT / AT_ONCE, () => Promise.all(Array.from({ length: AT_ONCE }, add))).then(
      (each) => each / AT_ONCE,
    );
  return [
    await compare({
      name: "owner call, one after the other",
      limit: 0.5,
      ours: () => microsecondsEach(COUNT, () => owner.call("job", job)),
      peer: () => microsecondsEach(COUNT, () => queue.add(job)),
    }),
    await compare({
      name: "owner call, a thousand at once",
      limit: 0.5,
      ours: () => many(() => owner.call("job", job)),
      peer: () => many(() => queue.add(job)),
    }),
  ];
}

if (import.meta.main) printResults(await bench());
