import { runCommand, type CommandResult } from "./run-command.ts";

/** Runs an npm command that needs no network, with the npm that runs us where there is one. */
export function runNpm(...args: string[]): Promise<CommandResult> {
  const script = process.env["npm_execpath"];
  const all = [...args, "--offline", "--loglevel=error"];
  const options = { timeoutMs: 60_000 };
  return script === undefined || !script.endsWith("npm-cli.js")
    ? runCommand("npm", all, options)
    : runCommand(process.execPath, [script, ...all], options);
}
