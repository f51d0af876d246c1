import type { StageResult } from "./run-stages.ts";

export function printStage(result: StageResult, print: (text: string) => void): void {
  const mark = result.failed > 0 ? "FAIL" : result.passed > 0 ? "ok" : "skip";
  const time = `${(result.ms / 1000).toFixed(1)} s`;
  print(`${mark.padEnd(4)}  ${result.name.padEnd(8)}  ${time.padStart(7)}  ${result.note ?? ""}`.trimEnd());
  if (result.failed > 0 && result.output) print(indent(result.output));
}

/** The table of runtimes, and last the line that counts everything. */
export function printSummary(results: readonly StageResult[], print: (text: string) => void): void {
  const rows = results.map(({ runtime }) => runtime).filter((runtime) => runtime !== undefined);
  if (rows.length > 0) {
    const width = Math.max(...rows.map(({ name }) => name.length));
    print(`\n${"Portable suites on".padEnd(width)}  passed  failed  skipped`);
    for (const { name, passed, failed, skipped } of rows) {
      const cells = [String(passed).padStart(6), String(failed).padStart(6), String(skipped).padStart(7)];
      print([name.padEnd(width), ...cells].join("  "));
    }
  }
  const failing = results.filter(({ failed }) => failed > 0).map(({ name }) => name);
  if (failing.length > 0) print(`\nFailing: ${failing.join(", ")}`);
  const sum = (of: "passed" | "failed" | "skipped"): number => results.reduce((total, one) => total + one[of], 0);
  const skipped = sum("skipped");
  print(`\n${sum("passed")} passed, ${sum("failed")} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
}

function indent(text: string): string {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => `      ${line}`.trimEnd())
    .join("\n");
}
