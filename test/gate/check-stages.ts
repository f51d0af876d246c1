import { runCommand } from "./run-command.ts";
import { failedCheck, passedCheck, type Outcome, type Stage } from "./run-stages.ts";

const CHECK_TIMEOUT_MS = 120_000;

async function check(command: string, ...args: string[]): Promise<Outcome> {
  const { exitCode, output } = await runCommand(command, args, { timeoutMs: CHECK_TIMEOUT_MS });
  return exitCode === 0 ? passedCheck : failedCheck(output);
}

/** The playground's page stands apart: it lives in a browser, with other globals than everything else. */
async function checkTypes(): Promise<Outcome> {
  const everything = await check("tsc", "-p", "tsconfig.json");
  return everything.failed > 0 ? everything : check("tsc", "-p", "examples/playground/page");
}

/** What can be said about the code without running it. */
export const checkStages: readonly Stage[] = [
  { name: "build", run: () => check(process.execPath, ".config/build.mjs") },
  { name: "format", run: () => check("prettier", "--check", ".", "--log-level", "warn") },
  { name: "lint", run: () => check("oxlint", "--type-aware", "--deny-warnings") },
  { name: "types", run: checkTypes },
];
