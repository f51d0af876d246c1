import { TurnError } from "../../errors.ts";
import { nodeBuiltin } from "./node-builtin.ts";

/* The one place that starts a child process, on Node, Deno and Bun. What it needs of Node's types is written down here. */

interface Pipe {
  on(event: "data", callback: (piece: Uint8Array) => void): void;
  on(event: "error", callback: (error: unknown) => void): void;
  ref?(): void;
  unref?(): void;
}

interface WritablePipe extends Pipe {
  write(bytes: string | Uint8Array): boolean;
}

export interface Child {
  readonly pid?: number;
  readonly stdin: WritablePipe;
  readonly stdout: Pipe;
  readonly stderr: Pipe;
  on(event: "error", callback: (error: unknown) => void): void;
  on(event: "close", callback: (code: number | null, signal: string | null) => void): void;
  kill(signal: "SIGKILL"): boolean;
  ref(): void;
  unref(): void;
}

/** What Node answers where there is no file descriptor left: no pipes, and an error that is yet to come. */
interface Unstarted extends Pick<Child, "on"> {
  readonly stdin?: undefined;
}

interface ChildProcessModule {
  spawn(command: string, args: readonly string[], options: object): Child | Unstarted;
}

interface Host {
  readonly process?: {
    readonly execPath: string;
    on?(event: "exit", callback: () => void): unknown;
    readonly versions?: { readonly node?: string };
  };
  readonly Deno?: { execPath(): string };
  readonly Bun?: object;
}

/** A program of ours in a child process: no environment, no files but three pipes, as few rights as the runtime can give. */
export function startChild(program: string): Child | Promise<never> {
  const childProcess = nodeBuiltin<ChildProcessModule>("node:child_process");
  const url = nodeBuiltin<{ fileURLToPath(url: string): string }>("node:url");
  const { process } = globalThis as Host;
  if (childProcess === undefined || url === undefined || process === undefined) {
    throw new TypeError("isolation: 'process' needs Node, Deno or Bun; this runtime starts no child processes");
  }
  // Deno would open its caches; where it cannot have a folder for them it does without.
  const env = "Deno" in globalThis ? { DENO_DIR: "/dev/null" } : {};
  const options = { env, stdio: ["pipe", "pipe", "pipe"], windowsHide: true, shell: false };
  const child = childProcess.spawn(process.execPath, [...flags(), url.fileURLToPath(program)], options);
  if (child.stdin === undefined) return errorOf(child);
  endWithProgram(child);
  return child;
}

/** To be listened for at once: an error that nobody hears ends the program. */
function errorOf(child: Unstarted): Promise<never> {
  return new Promise((_, reject) => {
    child.on("error", (error) => {
      reject(new TurnError("vm-lost", `The child process could not be started: ${String(error)}`));
    });
  });
}

const living = new Set<Child>();
let isWatching = false;

/** A child ends with its input, but not while a script holds it in a builtin: then it would outlive the program. */
function endWithProgram(child: Child): void {
  living.add(child);
  child.on("close", () => void living.delete(child));
  if (isWatching) return;
  isWatching = true;
  (globalThis as Host).process?.on?.("exit", () => {
    for (const one of living) one.kill("SIGKILL");
  });
}

function flags(): string[] {
  const { Deno, Bun, process } = globalThis as Host;
  // Deno gives a program no rights that it is not given by name; modules next to the program need none.
  if (Deno !== undefined)
    return [
      "run",
      "--quiet",
      "--no-prompt",
      "--no-lock",
      "--no-remote",
      "--cached-only",
      "--no-check",
      "--no-code-cache",
    ];
  if (Bun !== undefined) return ["run", "--no-install"];
  // Node can take away starting processes, threads and addons, and writing; its own modules must be read.
  const major = Number.parseInt(process?.versions?.node ?? "0", 10);
  return major >= 24 ? ["--permission", "--allow-fs-read=*"] : [];
}
