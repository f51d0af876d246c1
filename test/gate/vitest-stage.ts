import { existsSync, readFileSync, rmSync } from "node:fs";
import { projectFolder, runCommand } from "./run-command.ts";
import type { Counts, Outcome, Stage } from "./run-stages.ts";

const reportFile = ".cache/vitest.json";
const screenshots = ".cache/screenshots";
// Several times what it takes on two free cores: only a run that hangs is killed.
const TIMEOUT_MS = 20 * 60_000;

/** Everything under test/ that is called *.test.ts, on the pinned Node, the portable suites among it. */
export const vitestStage: Stage = { name: "vitest", needs: ["build"], run };

// The part of Vitest's JSON report that is read here.
interface VitestReport {
  readonly success: boolean;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName?: string }[];
  }[];
}

async function run(): Promise<Outcome> {
  rmSync(`${projectFolder}${reportFile}`, { force: true });
  rmSync(`${projectFolder}${screenshots}`, { recursive: true, force: true });
  const { exitCode, output } = await runCommand(
    "vitest",
    ["run", "--config", "test/vitest.config.ts", "--reporter=default", "--reporter=json", `--outputFile=${reportFile}`],
    { timeoutMs: TIMEOUT_MS },
  );
  const report = readReport();
  const tests = report?.testResults.flatMap((file) => file.assertionResults) ?? [];
  const counts = count(tests);
  const notRun = tests.filter(({ status }) => status !== "passed" && status !== "failed");
  // An error outside of tests (a file that does not load, an unhandled rejection) fails the run with no failed test.
  const lost = counts.failed === 0 && (exitCode !== 0 || report?.success !== true) ? 1 : 0;
  const portable = report?.testResults.find(({ name }) =>
    name.replaceAll("\\", "/").endsWith("/test/runtimes/node.test.ts"),
  );
  return {
    passed: counts.passed,
    failed: counts.failed + lost,
    skipped: counts.skipped,
    note: [
      `${tests.length} tests in ${report?.testResults.length ?? 0} files`,
      existsSync(`${projectFolder}${screenshots}`) ? `\n    pictures of the browser tests: ${screenshots}/` : "",
      ...notRun.map(({ fullName = "a test" }) => `\n    NOT RUN: ${fullName}`),
    ].join(""),
    output,
    ...(portable === undefined
      ? {}
      : { runtime: { name: `Node ${process.versions.node}`, ...count(portable.assertionResults) } }),
  };
}

function readReport(): VitestReport | undefined {
  try {
    return JSON.parse(readFileSync(`${projectFolder}${reportFile}`, "utf8")) as VitestReport;
  } catch {
    // Vitest ended before it could write one; its output says why.
    return undefined;
  }
}

function count(tests: readonly { readonly status: string }[]): Counts {
  const passed = tests.filter(({ status }) => status === "passed").length;
  const failed = tests.filter(({ status }) => status === "failed").length;
  return { passed, failed, skipped: tests.length - passed - failed };
}
