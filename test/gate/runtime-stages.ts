import { build } from "esbuild";
import { runtimeNames, type RuntimeName, type RuntimeReport } from "../runtimes/runtime-report.ts";
import { findOldNode } from "./find-old-node.ts";
import { projectFolder, runCommand, type CommandResult } from "./run-command.ts";
import type { Outcome, Stage } from "./run-stages.ts";

// The portable suites on every runtime but the pinned Node, each in a process of its own that prints a report.

const TIMEOUT_MS = 10 * 60_000;
const script = "test/runtimes/script-main.ts";
const SKIP_VARIABLE = "TURNWIRE_SKIP_RUNTIMES";

const titles: Readonly<Record<RuntimeName, string>> = { node20: "Node", deno: "Deno", bun: "Bun", workerd: "workerd" };

const starters: Readonly<Record<RuntimeName, () => Promise<CommandResult>>> = {
  node20: runOldNode,
  deno: () =>
    runCommand(
      "deno",
      // No permission but to read QuickJS's WebAssembly, and nothing but the project's own files and what is installed.
      [
        "run",
        "--quiet",
        "--no-prompt",
        "--no-lock",
        "--no-remote",
        "--cached-only",
        "--no-check",
        "--allow-read=node_modules/@jitl",
        script,
      ],
      { timeoutMs: TIMEOUT_MS, env: { DENO_DIR: `${projectFolder}.cache/deno`, DENO_NO_UPDATE_CHECK: "1" } },
    ),
  bun: () => runCommand("bun", ["run", "--no-install", script], { timeoutMs: TIMEOUT_MS }),
  workerd: () => runCommand(process.execPath, ["test/runtimes/workerd-main.ts"], { timeoutMs: TIMEOUT_MS }),
};

/** One stage per runtime. Those that the environment names are left out, and say so. */
export function runtimeStages(): Stage[] {
  const skipped = (process.env[SKIP_VARIABLE] ?? "").split(",").map((name) => name.trim());
  const unknown = skipped.find((name) => name !== "" && !(runtimeNames as readonly string[]).includes(name));
  if (unknown !== undefined) {
    throw new Error(`${SKIP_VARIABLE} names "${unknown}"; it may name ${runtimeNames.join(", ")}`);
  }
  return runtimeNames.map((name) => ({
    name,
    run: () => (skipped.includes(name) ? leaveOut(name) : runOn(name)),
  }));
}

async function leaveOut(name: RuntimeName): Promise<Outcome> {
  const counts = { passed: 0, failed: 0, skipped: 1 };
  const note = `NOT RUN, because ${SKIP_VARIABLE} names it`;
  return { ...counts, note, runtime: { name: `${titles[name]} (not run)`, ...counts } };
}

async function runOn(name: RuntimeName): Promise<Outcome> {
  const { exitCode, stdout, output } = await starters[name]();
  const report = parseReport(name, stdout);
  const clean = exitCode === 0 || (report?.failed ?? 0) > 0;
  if (report === undefined || !clean) {
    const hint = `No complete report. To leave this runtime out: ${SKIP_VARIABLE}=${name}\n`;
    return { passed: 0, failed: 1, skipped: 0, note: "NOT RUN to its end", output: output + hint };
  }
  const counts = { passed: report.passed, failed: report.failed, skipped: report.skipped.length };
  const title = `${titles[name]} ${report.version}`;
  return {
    ...counts,
    note: [
      `${report.passed} tests on ${title}`,
      ...report.skipped.map((skip) => `\n    skipped: ${skip.name}: ${skip.reason}`),
    ].join(""),
    output: [...report.failures.map(({ name: test, error }) => `${test}\n${error}\n`), lastWords(stdout, output)].join(
      "\n",
    ),
    runtime: { name: title, ...counts },
  };
}

// What a runtime said beside the report, such as the signal that ended it: tests only see that it is gone.
function lastWords(report: string, output: string): string {
  const known = new Set(report.split("\n"));
  return output
    .split("\n")
    .filter((line) => !line.startsWith("running: ") && !known.has(line))
    .join("\n");
}

function parseReport(name: RuntimeName, stdout: string): RuntimeReport | undefined {
  try {
    const report = JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Partial<RuntimeReport>;
    return report.runtime === name && Array.isArray(report.failures) ? (report as RuntimeReport) : undefined;
  } catch {
    // The last line is not JSON: the runner died before its report.
    return undefined;
  }
}

// Node 20 cannot read TypeScript, so it gets the suites as one file.
async function runOldNode(): Promise<CommandResult> {
  const node = await findOldNode();
  if (node === undefined) {
    const output = "Found no Node 20 or 22: neither npm runs on one nor is one on the PATH.\n";
    return { exitCode: 1, stdout: "", output };
  }
  const outfile = `${projectFolder}.cache/portable-node20.mjs`;
  await build({
    absWorkingDir: projectFolder,
    entryPoints: [script],
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    sourcemap: "inline",
    logLevel: "silent",
  });
  return runCommand(node, ["--enable-source-maps", outfile], { timeoutMs: TIMEOUT_MS });
}
