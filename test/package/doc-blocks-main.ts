import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

// Runs blocks of documentation, one after the other, and prints a verdict for each: empty when all went well. A block
// whose default export can answer requests is sent one.

interface Jobs {
  readonly jobs: readonly { readonly index: number; readonly file: string; readonly path: string }[];
  readonly timeoutMs: number;
}

const { jobs, timeoutMs } = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8")) as Jobs;

// What goes wrong outside of the awaited path belongs to the block that runs.
let stray: string[] = [];
for (const event of ["unhandledRejection", "uncaughtException"] as const) {
  process.on(event, (error: unknown) => stray.push(describe(error)));
}

for (const { index, file, path } of jobs) {
  stray = [];
  const verdict = await Promise.race([runBlock(file, path), timeUp()]).catch(describe);
  // Rejections are reported after a turn of the event loop.
  await new Promise((resolve) => setTimeout(resolve, 0));
  process.stdout.write(`\ndoc-block ${index} ${JSON.stringify([verdict, ...stray].filter(Boolean).join("\n"))}\n`);
}
// Blocks may leave servers and timers behind.
process.stdout.write("", () => process.exit(0));

async function runBlock(file: string, path: string): Promise<string> {
  const module = (await import(pathToFileURL(file).href)) as { default?: { fetch?: unknown } };
  const server = module.default;
  if (typeof server?.fetch !== "function") return "";
  const request = new Request(`http://127.0.0.1${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ sessionId: "thread-1", turnIndex: 0, message: "Hello" }),
  });
  const fetch = server.fetch as (request: Request, env: object, context: object) => Promise<Response>;
  const context = { waitUntil: () => undefined, passThroughOnException: () => undefined };
  const response = await fetch.call(server, request, {}, context);
  const body = await response.text();
  return response.ok && body !== ""
    ? ""
    : `POST ${path} was answered with HTTP ${response.status}: ${body.slice(0, 500)}`;
}

async function timeUp(): Promise<string> {
  await new Promise((resolve) => setTimeout(resolve, timeoutMs));
  return `did not end within ${timeoutMs} ms`;
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
