import { spawn } from "node:child_process";
import { delimiter } from "node:path";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";

export const projectFolder: string = fileURLToPath(new URL("../..", import.meta.url));

export interface CommandResult {
  /** 0 when it ended well, 1 also when it was killed or could not be started. */
  readonly exitCode: number;
  readonly stdout: string;
  /** Both streams as they came, but for colours, and a last line that says why it was killed, if it was. */
  readonly output: string;
}

export interface CommandOptions {
  readonly timeoutMs: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

const running = new Set<number>();

/**
 * Runs a program in a process group of its own, with no input, and ends the whole group when the program has ended or
 * its time is up: what a test run leaves behind must neither live on nor hold up the gate.
 */
export function runCommand(command: string, args: readonly string[], options: CommandOptions): Promise<CommandResult> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: options.cwd ?? projectFolder,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...QUIET, PATH: toolPath(), ...options.env },
    });
    let stdout = "";
    let output = "";
    let verdict = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      output += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => (output += text));
    const { pid } = child;
    if (pid !== undefined) running.add(pid);
    const timer = setTimeout(() => {
      verdict = `Killed: it did not end within ${options.timeoutMs / 1000} s\n`;
      killGroup(pid);
    }, options.timeoutMs);
    const finish = (exitCode: number): void => {
      clearTimeout(timer);
      if (pid !== undefined) running.delete(pid);
      resolve({ exitCode: verdict === "" ? exitCode : 1, stdout, output: stripVTControlCharacters(output) + verdict });
    };
    child.on("error", (error) => {
      verdict = `Could not be started: ${error.message}\n`;
      finish(1);
    });
    // Grandchildren may hold the pipes open, so "close" comes only after the group has gone.
    child.on("exit", () => killGroup(pid));
    child.on("close", (code, signal) => {
      if (signal !== null && verdict === "") verdict = `Ended by ${signal}\n`;
      finish(code ?? 1);
    });
  });
}

/** Ends all that is running, for a gate that is itself told to stop. */
export function killAllCommands(): void {
  for (const pid of running) killGroup(pid);
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // The group has ended already.
  }
}

// Logs are read in files and by CI more often than on a terminal.
const QUIET = { CI: "true", NO_COLOR: "1", FORCE_COLOR: undefined, npm_config_update_notifier: "false" };

/** The locked tools first, also when the gate was not started by npm. */
function toolPath(): string {
  return [`${projectFolder}node_modules/.bin`, process.env["PATH"] ?? ""].join(delimiter);
}
