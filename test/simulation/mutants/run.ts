import { type Judgement, tryMutants } from "../../mutants/try-mutants.ts";
import { mutants } from "./mutants.ts";

// `npm run mutants:simulation`: puts each bug into a copy of the project and demands that the simulator finds it within
// a bounded number of schedules. `npm run mutants:simulation -- S9 writer` takes only those that match every word.

const SCHEDULES = 8000;

const words = process.argv.slice(2);
await tryMutants({
  name: "simulation-mutants",
  mutants: mutants.filter(({ guarantee, file }) => words.every((word) => guarantee === word || file.includes(word))),
  command: () => ["test/simulation/simulate.ts", "--schedules", String(SCHEDULES), "--seed", "1"],
  read: readReport,
});

function readReport(stdout: string): Judgement | undefined {
  const found = /^Seed (\d+) broke:\n(.*)$/m.exec(stdout);
  if (found !== null) return { verdict: "killed", detail: `seed ${found[1]} broke ${found[2]}` };
  if (!/ 0 broken, /.test(stdout)) return undefined;
  return { verdict: "SURVIVED", detail: `${SCHEDULES} schedules broke nothing` };
}
