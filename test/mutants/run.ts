import { mutants } from "./mutants.ts";
import { type Judgement, tryMutants } from "./try-mutants.ts";

// `npm run mutants`: puts each bug into a copy of the project and demands that a test which cites its guarantee goes
// red. `npm run mutants -- T6 pump` takes only those whose guarantee or file matches every word.

const words = process.argv.slice(2);
await tryMutants({
  name: "mutants",
  mutants: mutants.filter(({ guarantee, file }) => words.every((word) => guarantee === word || file.includes(word))),
  command: ({ guarantee }) => ["test/mutants/run-suites.ts", `${guarantee}:`],
  read: readReport,
});

function readReport(stdout: string): Judgement | undefined {
  const report = parseReport(stdout);
  if (report === undefined || report.ran === 0) return undefined;
  const [red] = report.red;
  return red === undefined
    ? { verdict: "SURVIVED", detail: `${report.ran} tests stayed green` }
    : { verdict: "killed", detail: red.name };
}

function parseReport(stdout: string): { ran: number; red: { name: string }[] } | undefined {
  try {
    return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as { ran: number; red: { name: string }[] };
  } catch {
    return undefined;
  }
}
