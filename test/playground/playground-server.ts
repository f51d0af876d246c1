import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import packageJson from "../../package.json" with { type: "json" };
import { projectFolder } from "../package/entries.ts";

/** A playground in a process of its own, as `npm start` starts it, on a database of its own. */
export interface PlaygroundServer {
  /** Where it listens; stays the same when it is started again. */
  readonly port: number;
  /** No warning given, nothing saved: what a crash or `kill -9` does. */
  kill(): Promise<void>;
  /** Another process on the same port and database. */
  startAgain(): Promise<void>;
  /** Resolves when the process is gone, whoever ended it. */
  readonly ended: Promise<void>;
  close(): Promise<void>;
}

export async function startPlayground(options: { readonly pace: number }): Promise<PlaygroundServer> {
  const folder = mkdtempSync(join(tmpdir(), "turnwire-playground-"));
  const start = (wanted: number): Promise<Running> => run(wanted, join(folder, "turns.sqlite"), options.pace);
  let running = await start(0);
  const { port } = running;

  async function kill(): Promise<void> {
    running.child.kill("SIGKILL");
    await running.ended;
  }

  return {
    port,
    kill,
    get ended() {
      return running.ended;
    },
    async startAgain() {
      running = await start(port);
    },
    async close() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface Running {
  readonly child: ChildProcess;
  readonly port: number;
  readonly ended: Promise<void>;
}

async function run(wanted: number, database: string, pace: number): Promise<Running> {
  const [command, ...args] = packageJson.scripts.start.split(" ");
  if (command !== "node") throw new Error(`npm start should run node, not ${command}`);
  const child = spawn(process.execPath, args, {
    cwd: projectFolder,
    env: {
      PATH: process.env["PATH"],
      PORT: String(wanted),
      PLAYGROUND_DB: database,
      PLAYGROUND_PACE: String(pace),
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  let said = "";
  const port = await new Promise<number>((resolve, reject) => {
    void ended.then(() => reject(new Error(`The playground ended: ${said}`)));
    for (const output of [child.stdout, child.stderr]) {
      output.setEncoding("utf8").on("data", (text: string) => {
        said += text;
        const found = /http:\/\/127\.0\.0\.1:(\d+)\//.exec(said)?.[1];
        if (found !== undefined) resolve(Number(found));
      });
    }
  });
  return { child, port, ended };
}
