import type { TestResult } from "../support/mini-test.ts";
import { storageFolder } from "./storage-folder.ts";
import { startWorker } from "./start-worker.ts";

// Starts the real workerd around a test Worker (its config is the argument), runs its tests over HTTP one by one, and
// prints their results as one line of JSON.

const state = storageFolder();
const worker = await startWorker(new URL(process.argv[2] ?? "", import.meta.url), state.path);
const names = (await (await fetch(new URL("/tests", worker.url))).json()) as string[];
const results: TestResult[] = [];
for (const [index, name] of names.entries()) {
  const response = await fetch(new URL(`/${index}`, worker.url));
  const text = await response.text();
  if (response.ok) results.push(JSON.parse(text) as TestResult);
  else results.push({ name, ok: false, error: `HTTP ${response.status}: ${text.slice(0, 2_000)}`, ms: 0 });
}
await worker.dispose();
state.remove();
process.stdout.write(`\n${JSON.stringify(results)}\n`, () => process.exit(0));
