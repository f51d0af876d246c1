import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { projectFolder } from "../package/entries.ts";

/** `wrangler dev` and its workerd in a process group of their own, so that they can be killed and started again. */
export interface WranglerProcess {
  /** Stays the same when it is started again. */
  readonly port: number;
  /** No warning given, nothing saved: what a crash does. Storage stays. */
  kill(): Promise<void>;
  /** Another process on the same port and storage. */
  startAgain(): Promise<void>;
  /** Resolves when the process is gone, whoever ended it. */
  readonly ended: Promise<void>;
  /** Where storage is kept. */
  readonly folder: string;
  close(): Promise<void>;
}

/** Starts the Worker of a config (its path from the project's folder); `vars` are bindings of text. */
export async function startWrangler(
  config: string,
  vars: Readonly<Record<string, string>> = {},
): Promise<WranglerProcess> {
  const folder = mkdtempSync(`${tmpdir()}/turnwire-worker-`);
  const port = await freePort();
  const texts = Object.entries(vars).flatMap(([name, value]) => ["--var", `${name}:${value}`]);
  const start = (): Promise<Running> =>
    run(port, ["dev", "--config", config, "--port", String(port), "--persist-to", folder, ...texts]);
  let running = await start();

  async function kill(): Promise<void> {
    // All of the group: requests to a workerd that died under a living wrangler hang.
    if (running.child.pid !== undefined && running.child.exitCode === null && running.child.signalCode === null)
      process.kill(-running.child.pid, "SIGKILL");
    await running.ended;
  }

  return {
    port,
    folder,
    kill,
    get ended() {
      return running.ended;
    },
    async startAgain() {
      running = await start();
    },
    async close() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<void>;
}

async function run(port: number, args: readonly string[]): Promise<Running> {
  const always = ["--ip", "127.0.0.1", "--inspector-port", "0", "--show-interactive-dev-session=false"];
  const child = spawn("wrangler", [...args, ...always], {
    cwd: projectFolder,
    detached: true,
    env: {
      PATH: process.env["PATH"],
      HOME: process.env["HOME"],
      CI: "1",
      WRANGLER_SEND_METRICS: "false",
      CLOUDFLARE_CF_FETCH_ENABLED: "false",
      WRANGLER_LOG_PATH: `${projectFolder}.cache/wrangler/logs`,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  let said = "";
  await new Promise<void>((resolve, reject) => {
    void ended.then(() => reject(new Error(`The Worker ended: ${said}`)));
    for (const output of [child.stdout, child.stderr]) {
      output.setEncoding("utf8").on("data", (text: string) => {
        said += text;
        if (said.includes(`Ready on http://127.0.0.1:${port}`)) resolve();
      });
    }
  });
  return { child, ended };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
