import { createScriptRuntime, quickjs } from "../../src/script/index.ts";
import { bareContext, bareModule } from "./bare-quickjs.ts";
import { type BenchResult, compare, microsecondsEach, printResults } from "./script-rounds.ts";

// Opening a script, one call, and closing it, against a bare context that evaluates the same prelude and script.

const memoryBytes = 32 * 1024 * 1024;
const source = "export const answer = (n) => n + 1;";

export async function bench(): Promise<BenchResult[]> {
  const runtime = createScriptRuntime({ engine: quickjs(), limits: { memoryBytes, sliceMs: 5_000 } });
  const module = await bareModule(memoryBytes);
  const result = await compare({
    name: "script opened and closed",
    limit: 1.3,
    ours: () =>
      microsecondsEach(200, async () => {
        const script = await runtime.openScript({ source });
        await script.close();
      }),
    peer: () =>
      microsecondsEach(200, async () => {
        bareContext(module, source, "answer").dispose();
        await Promise.resolve();
      }),
  });
  await runtime.close();
  return [result];
}

if (import.meta.main) printResults(await bench());
