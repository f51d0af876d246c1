import type { TestResult } from "../support/mini-test.ts";
import { startWorker } from "../support/start-worker.ts";
import { temporaryFolder } from "./temporary-folder.ts";

// Starts the real workerd around the test Worker, runs its tests over HTTP, and prints their results as one line of JSON.

const state = temporaryFolder();
const worker = await startWorker(new URL("wrangler.json", import.meta.url), state.path);
const { url } = worker;

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
