import { fileURLToPath } from "node:url";
import type { TestResult } from "../support/mini-test.ts";
import { temporaryFolder } from "./temporary-folder.ts";

// Starts the real workerd around the test Worker, runs its tests over HTTP, and prints their results as one line of JSON.

interface DevWorker {
  readonly ready: Promise<void>;
  readonly url: Promise<URL>;
  dispose(): Promise<void>;
}

const projectFolder = fileURLToPath(new URL("../..", import.meta.url));
process.env["WRANGLER_SEND_METRICS"] = "false";
process.env["CLOUDFLARE_CF_FETCH_ENABLED"] = "false";
process.env["WRANGLER_LOG_PATH"] = `${projectFolder}.cache/wrangler/logs`;

const state = temporaryFolder();
// Wrangler's own type of this says `any`.
const { unstable_startWorker } = (await import("wrangler")) as unknown as {
  unstable_startWorker: (options: object) => Promise<DevWorker>;
};
const worker = await unstable_startWorker({
  config: fileURLToPath(new URL("wrangler.json", import.meta.url)),
  dev: {
    server: { hostname: "127.0.0.1", port: 0 },
    inspector: false,
    watch: false,
    persist: state.path,
    logLevel: "error",
  },
});
await worker.ready;
const url = await worker.url;

const names = (await (await fetch(new URL("/tests", url))).json()) as string[];
const results: TestResult[] = [];
for (const [index, name] of names.entries()) {
  const response = await fetch(new URL(`/${index}`, url));
  const text = await response.text();
  if (response.ok) results.push(JSON.parse(text) as TestResult);
  else results.push({ name, ok: false, error: `HTTP ${response.status}: ${text.slice(0, 2_000)}`, ms: 0 });
}
await worker.dispose();
state.remove();
process.stdout.write(`\n${JSON.stringify(results)}\n`, () => process.exit(0));
