import { parseArgs } from "node:util";
import { FORMATS } from "../support/decode-chunks.ts";
import { fuzzWire } from "./fuzz.ts";

// `npm run soak:wire`, or `npm run soak:wire -- --count 5000000 --seed 42`: the fuzz test with other seeds and more of them.

const { values } = parseArgs({ options: { count: { type: "string" }, seed: { type: "string" } } });
const count = Number(values.count ?? 1_000_000);
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
if (!Number.isSafeInteger(count) || !Number.isSafeInteger(seed))
  throw new Error("--count and --seed take whole numbers");

for (const format of FORMATS) {
  console.log(`${format}: ${count} inputs from seed ${seed}`);
  const { ends, events, slowestMs } = fuzzWire(format, { seed, inputs: count });
  console.log(`  ${events} events; ends: ${JSON.stringify(ends)}; slowest input ${slowestMs.toFixed(1)} ms`);
}
