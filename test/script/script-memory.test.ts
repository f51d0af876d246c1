import { expect, it } from "vitest";
import { churnContexts } from "./churn-contexts.ts";
import { testRuntime } from "./script-support.ts";

// The host's own heap, which only runtimes with a collector to call can show. `npm run soak:script` does it ten thousand times.

const CONTEXTS = 300;
const MAX_GROWTH_BYTES = 1_500_000;

it("contexts that are used and closed leave nothing in the host's heap (V5)", async () => {
  const runtime = testRuntime({ limits: { memoryBytes: 16 * 1024 * 1024 } });
  await churnContexts(runtime, CONTEXTS);
  const before = heapBytes();
  await churnContexts(runtime, 3 * CONTEXTS);
  expect(heapBytes() - before).toBeLessThan(MAX_GROWTH_BYTES);
  await runtime.close();
}, 60_000);

function heapBytes(): number {
  if (globalThis.gc === undefined) throw new Error("Run with --expose-gc");
  globalThis.gc();
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}
