import type { Judgement } from "./try-mutants.ts";

/** What run-suites.ts found of a mutant. */
export function readReport(stdout: string): Judgement | undefined {
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
