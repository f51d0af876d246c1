import { everyIndexPlans, randomPlans, runChaos } from "./chaos.ts";

// `npm run soak:client`, or `npm run soak:client -- <turns> <seed>`: the client's chaos test for longer than `npm test` has.

const turns = Number(process.argv[2] ?? 5000);
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000);
console.log(`Every trouble at every event, then ${turns} turns with random troubles, seed ${seed}`);
const startedAt = performance.now();
for (const plans of [everyIndexPlans(), randomPlans(seed, turns)]) {
  const { failures, ...report } = await runChaos(plans, { seed });
  console.log(JSON.stringify(report));
  for (const failure of failures.slice(0, 20)) console.log(failure);
  if (failures.length > 0) process.exitCode = 1;
}
console.log(`${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
