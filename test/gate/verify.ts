import { mkdirSync } from "node:fs";
import { checkStages } from "./check-stages.ts";
import { packageStages } from "./package-stages.ts";
import { printStage, printSummary } from "./print-report.ts";
import { killAllCommands, projectFolder } from "./run-command.ts";
import { runStages, type Stage } from "./run-stages.ts";
import { runtimeStages } from "./runtime-stages.ts";
import { vitestStage } from "./vitest-stage.ts";

// The one gate: `npm run verify`, and `npm run verify -- --only types,lint` for some of its stages and what they need.
// Its last line counts what passed and failed; it exits with 1 when anything failed.

// Two, because the smallest machine we care for has two cores. The long stages stand early in the list.
const STAGES_AT_ONCE = 2;

const print = (text: string): void => console.log(text);

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    killAllCommands();
    print(`\nStopped by ${signal}\n0 passed, 1 failed`);
    process.exit(1);
  });
}

try {
  process.exitCode = 1;
  process.chdir(projectFolder);
  mkdirSync(".cache", { recursive: true });
  const all = [...checkStages, vitestStage, ...runtimeStages(), ...packageStages];
  const results = await runStages(pick(all, process.argv.slice(2)), STAGES_AT_ONCE, (result) =>
    printStage(result, print),
  );
  printSummary(results, print);
  if (results.every(({ failed }) => failed === 0)) process.exitCode = 0;
} catch (error) {
  killAllCommands();
  print(`${error instanceof Error ? error.message : String(error)}\n\n0 passed, 1 failed`);
}

/** The stages that `--only` names, with those they need; all without it. */
function pick(all: readonly Stage[], args: readonly string[]): Stage[] {
  if (args.length === 0) return [...all];
  const [flag, value = ""] = args[0]?.startsWith("--only=") === true ? args[0].split("=") : args;
  const wanted = new Set(value.split(",").filter((name) => name !== ""));
  const known = all.map(({ name }) => name);
  if (flag !== "--only" || wanted.size === 0 || [...wanted].some((name) => !known.includes(name))) {
    throw new Error(`Usage: npm run verify -- --only <stages, with commas>\nStages: ${known.join(", ")}`);
  }
  // A stage stands after all that it needs, so one pass from the end finds everything.
  for (const stage of all.toReversed()) {
    if (wanted.has(stage.name)) stage.needs?.forEach((name) => wanted.add(name));
  }
  return all.filter(({ name }) => wanted.has(name));
}
