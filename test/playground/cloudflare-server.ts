import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { projectFolder } from "../package/entries.ts";
import type { PlaygroundServer } from "./playground-server.ts";

/** The playground as a Worker, as `npm run start:cloudflare` starts it: wrangler and workerd, on a folder of its own. */
export async function startCloudflarePlayground(): Promise<PlaygroundServer> {
  const folder = mkdtempSync(`${tmpdir()}/turnwire-worker-`);
  const port = await freePort();
  let running = await run(port, folder);

  async function kill(): Promise<void> {
    // All of the group: requests to a workerd that died under a living wrangler hang.
    if (running.child.pid !== undefined) process.kill(-running.child.pid, "SIGKILL");
    await running.ended;
  }

  return {
    port,
    kill,
    get ended() {
      return running.ended;
    },
    async startAgain() {
      running = await run(port, folder);
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

async function run(port: number, folder: string): Promise<Running> {
  const args = ["dev", "--ip", "127.0.0.1", "--port", String(port), "--inspector-port", "0", "--persist-to", folder];
  const child = spawn("wrangler", [...args, "--show-interactive-dev-session=false"], {
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
