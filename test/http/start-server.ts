import { type ChildProcess, spawn } from "node:child_process";
import { projectFolder } from "../gate/run-command.ts";

/** The runtimes that serve, and how each is told to run a script with the project's own packages and nothing else. */
export const SERVING: Readonly<Record<"Node" | "Deno" | "Bun", readonly [command: string, ...args: string[]]>> = {
  Node: [process.execPath],
  Deno: [
    "deno",
    "run",
    "--quiet",
    "--allow-all",
    "--no-prompt",
    "--no-lock",
    "--node-modules-dir=manual",
    "--cached-only",
    "--no-check",
  ],
  Bun: ["bun", "run", "--no-install"],
};
export type ServingRuntime = keyof typeof SERVING;

export interface RunningServer {
  readonly url: string;
  stop(): Promise<void>;
}

export interface StartOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Take the place of the runtime's own `run`. */
  readonly args?: readonly string[];
}

/** Runs a script that prints its URL, on a runtime. */
export async function startServer(
  runtime: ServingRuntime,
  script: string,
  { env = {}, cwd = projectFolder, args: own = [] }: StartOptions = {},
): Promise<RunningServer> {
  const [command, ...flags] = SERVING[runtime];
  const args =
    own.length === 0 ? flags : [...own, ...flags.filter((flag) => flag.startsWith("--") && flag !== "--quiet")];
  const child: ChildProcess = spawn(command, [...args, script], {
    cwd,
    env: {
      ...process.env,
      PATH: `${projectFolder}node_modules/.bin:${process.env["PATH"] ?? ""}`,
      DENO_DIR: `${projectFolder}.cache/deno`,
      DENO_NO_UPDATE_CHECK: "1",
      NODE_OPTIONS: "",
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  // The tools are launched by scripts of their own, so the whole group is ended.
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.pid !== undefined) {
      try {
        process.kill(-child.pid, "SIGKILL");
      } catch {
        // It has ended by itself.
      }
    }
    await ended;
  };
  let said = "";
  const url = await new Promise<string>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", () => reject(new Error(`The server on ${runtime} ended: ${said}`)));
    for (const output of [child.stdout, child.stderr]) {
      output?.setEncoding("utf8").on("data", (text: string) => {
        said = (said + text).slice(-20_000);
        const found = /http:\/\/[\w.]+:\d+/.exec(said)?.[0];
        if (found !== undefined) resolve(found);
      });
    }
  }).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return { url, stop };
}
