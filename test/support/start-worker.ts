import { fileURLToPath } from "node:url";

/** A Worker in a real workerd of its own. */
export interface RunningWorker {
  readonly url: URL;
  dispose(): Promise<void>;
}

interface DevWorker {
  readonly ready: Promise<void>;
  readonly url: Promise<URL>;
  dispose(): Promise<void>;
}

const projectFolder = fileURLToPath(new URL("../..", import.meta.url));

/** Starts a Worker offline. Objects keep their storage in `persist`, so that it can be started again over the same. */
export async function startWorker(config: URL, persist: string): Promise<RunningWorker> {
  process.env["WRANGLER_SEND_METRICS"] = "false";
  process.env["CLOUDFLARE_CF_FETCH_ENABLED"] = "false";
  process.env["WRANGLER_LOG_PATH"] = `${projectFolder}.cache/wrangler/logs`;
  // Wrangler's own type of this says `any`.
  const { unstable_startWorker } = (await import("wrangler")) as unknown as {
    unstable_startWorker: (options: object) => Promise<DevWorker>;
  };
  const worker = await unstable_startWorker({
    config: fileURLToPath(config),
    dev: { server: { hostname: "127.0.0.1", port: 0 }, inspector: false, watch: false, persist, logLevel: "error" },
  });
  await worker.ready;
  return { url: await worker.url, dispose: () => worker.dispose() };
}
