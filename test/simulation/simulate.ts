import { describeFailure, playSchedule } from "./schedule.ts";

// `npm run simulate -- --schedules N --seed S` plays N schedules from seed S on; with `--trace` it tells what happens in
// each. It stops at the first that breaks a guarantee, unless `--all` is given, and then exits with 1.

const args = process.argv.slice(2);
const schedules = numberAfter("--schedules", 1000);
const firstSeed = numberAfter("--seed", 1);
const traces = args.includes("--trace");
const goesOn = args.includes("--all");

const startedAt = performance.now();
let played = 0;
let broken = 0;
for (let seed = firstSeed; seed < firstSeed + schedules; seed++) {
  const { violations } = await playSchedule(seed, traces ? (line) => console.log(line) : undefined);
  played++;
  const [first] = violations;
  if (first === undefined) continue;
  broken++;
  process.exitCode = 1;
  if (goesOn) console.log(`Seed ${seed} broke ${first.invariant}: ${first.message.split("\n").slice(0, 3).join(" ")}`);
  else if (!traces) console.log(await describeFailure(seed, violations));
  if (!goesOn) break;
}
const seconds = (performance.now() - startedAt) / 1000;
console.log(
  `${played} schedules from seed ${firstSeed}, ${broken} broken, in ${seconds.toFixed(1)} s (${((seconds * 1000) / played).toFixed(2)} ms each)`,
);

function numberAfter(flag: string, otherwise: number): number {
  const at = args.indexOf(flag);
  if (at === -1) return otherwise;
  const value = Number(args[at + 1]);
  if (!Number.isSafeInteger(value) || value < 1) throw new RangeError(`${flag} must be a whole number from 1 on`);
  return value;
}
