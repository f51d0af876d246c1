import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { TestResult } from "../support/mini-test.ts";
import { startWorker } from "../support/start-worker.ts";
import { reportOn, type RunnableTest } from "./runtime-report.ts";
import { skips } from "./skips.ts";

// Starts the real workerd around the test Worker, runs its tests over HTTP, one by one, and prints the report. The
// Worker has no compatibility flag: its code gets the Web's globals and nothing of Node's.

const START_TIMEOUT_MS = 30_000;
const projectFolder = fileURLToPath(new URL("../..", import.meta.url));
// When the Worker does not load, Wrangler keeps the first request waiting for ever.
const startTimer = setTimeout(() => {
  console.error(`workerd did not list the tests within ${START_TIMEOUT_MS} ms`);
  process.exit(1);
}, START_TIMEOUT_MS);
const worker = await startWorker(new URL("wrangler.json", import.meta.url), `${projectFolder}.cache/wrangler/state`);
const { url } = worker;

async function get<T>(path: string): Promise<T> {
  const response = await fetch(new URL(path, url));
  if (!response.ok) throw new Error(`GET ${path}: HTTP ${response.status}: ${(await response.text()).slice(0, 2000)}`);
  return (await response.json()) as T;
}

async function runRemotely(name: string, index: number): Promise<TestResult> {
  try {
    return await get<TestResult>(`/tests/${index}`);
  } catch (error) {
    return { name, ok: false, error: String(error), ms: 0 };
  }
}

const names = await get<string[]>("/tests");
clearTimeout(startTimer);
const tests = names.map((name, index): RunnableTest => ({ name, run: () => runRemotely(name, index) }));
const report = await reportOn({
  runtime: "workerd",
  version: workerdVersion(),
  tests,
  skips: skips.workerd,
  strayErrors: () => get<string[]>("/stray-errors"),
});
await worker.dispose();
process.stdout.write(`\n${JSON.stringify(report)}\n`, () => process.exit(report.failed === 0 ? 0 : 1));

function workerdVersion(): string {
  const file = createRequire(createRequire(import.meta.url).resolve("wrangler")).resolve("workerd/package.json");
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}
