import { createScriptRuntime, quickjs } from "../../src/script/index.ts";
import { bareContext, bareModule } from "./bare-quickjs.ts";
import { type BenchResult, compare, microsecondsEach, printResults } from "./script-rounds.ts";

// A call through owner and bridge against the bare quickjs-emscripten call with the same JSON both ways.

const MiB = 1024 * 1024;
const limits = { sliceMs: 5_000, timeoutMs: 60_000, memoryBytes: 64 * MiB, messageBytes: 4 * MiB };
const source = "export const echo = (value) => value; export const later = async (value) => value;";

export async function bench(): Promise<BenchResult[]> {
  const runtime = createScriptRuntime({ engine: quickjs(), limits });
  const script = await runtime.openScript({ source });
  const bare = bareContext(await bareModule(limits.memoryBytes), source, "echo");
  // What a peer must do to have what ours gives: text from a value and a value from text, awaited.
  const bareCall = async (value: unknown): Promise<unknown> => JSON.parse(bare.call(JSON.stringify([value])));

  const small = { id: "user-17", n: 3, tags: ["a", "b"] };
  const large = Array.from({ length: 8_000 }, (_, id) => ({ id, name: `user ${id}`, text: "x".repeat(80), ok: true }));
  const results = [
    await compare({
      name: "script call, small object both ways",
      limit: 2,
      ours: () => microsecondsEach(2_000, () => script.call("echo", [small])),
      peer: () => microsecondsEach(2_000, () => bareCall(small)),
      // Short rounds and many, because it is the smallest thing measured here.
      rounds: 51,
    }),
    await compare({
      name: `script call, ${(JSON.stringify(large).length / 1e6).toFixed(2)} MB of JSON both ways`,
      limit: 1.2,
      ours: () => microsecondsEach(10, () => script.call("echo", [large])),
      peer: () => microsecondsEach(10, () => bareCall(large)),
    }),
  ];
  bare.dispose();
  await runtime.close();
  return results;
}

if (import.meta.main) printResults(await bench());
