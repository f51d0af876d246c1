import { runCommand } from "./run-command.ts";
import { failedCheck, passedCheck, type Outcome, type Stage } from "./run-stages.ts";

const CHECK_TIMEOUT_MS = 120_000;

async function check(command: string, ...args: string[]): Promise<Outcome> {
  const { exitCode, output } = await runCommand(command, args, { timeoutMs: CHECK_TIMEOUT_MS });
  return exitCode === 0 ? passedCheck : failedCheck(output);
}

// The playground's page lives in a browser and scripts in their VM, with other globals than everything else.
const PROJECTS = ["tsconfig.json", "examples/playground/page", "examples/scripts"];

async function checkTypes(): Promise<Outcome> {
  for (const project of PROJECTS) {
    const outcome = await check("tsc", "-p", project);
    if (outcome.failed > 0) return outcome;
  }
  return passedCheck;
}

/** What can be said about the code without running it. */
export const checkStages: readonly Stage[] = [
  { name: "build", run: () => check(process.execPath, ".config/build.mjs") },
  { name: "format", run: () => check("prettier", "--check", ".", "--log-level", "warn") },
  { name: "lint", run: () => check("oxlint", "--type-aware", "--deny-warnings") },
  { name: "types", run: checkTypes },
];
