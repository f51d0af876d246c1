import { mkdirSync, renameSync, rmSync } from "node:fs";
import { runNpm } from "./run-npm.ts";
import { projectFolder, runCommand } from "./run-command.ts";
import { failedCheck, passedCheck, type Outcome, type Stage } from "./run-stages.ts";

const folder = `${projectFolder}.cache/pack`;
// A fixed name, so that the stages after "pack" need not be told the version.
const tarball = `${folder}/turnwire.tgz`;

/** The tarball that would be published, judged by publint and by Are The Types Wrong. */
export const packageStages: readonly Stage[] = [
  { name: "pack", needs: ["build"], run: pack },
  { name: "publint", needs: ["pack"], run: () => judge("publint", "run", tarball, "--strict") },
  {
    name: "attw",
    needs: ["pack"],
    // An ES module package has nothing for CommonJS, and this profile does not ask for it.
    run: () =>
      judge("attw", tarball, "--profile", "esm-only", "--format", "ascii", "--no-emoji", "--no-definitely-typed"),
  },
];

async function pack(): Promise<Outcome> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const { exitCode, stdout, output } = await runNpm("pack", "--ignore-scripts", "--pack-destination", folder);
  if (exitCode !== 0) return failedCheck(output);
  renameSync(`${folder}/${stdout.trim().split("\n").at(-1) ?? ""}`, tarball);
  return passedCheck;
}

async function judge(command: string, ...args: string[]): Promise<Outcome> {
  const { exitCode, output } = await runCommand(command, args, { timeoutMs: 120_000 });
  return exitCode === 0 ? passedCheck : failedCheck(output);
}
