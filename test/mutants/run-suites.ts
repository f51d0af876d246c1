import { portableSuites } from "../runtimes/portable-suites.ts";
import processAgent from "../script/process-agent.ts";
import processIsolation from "../script/process-isolation.ts";
import { collectTests, describeError, runTest } from "../support/mini-test.ts";

// What a mutant's child process runs: the suites whose names begin with one of the first argument's words. Prints the tests
// that went red, as JSON on its last line. With names as further arguments it runs only tests whose name holds one of them,
// and stops at the first red one.

const [folders = "", mostMs = "", ...wanted] = process.argv.slice(2);
const timeoutMs = Number(mostMs);

const stray: string[] = [];
for (const event of ["unhandledRejection", "uncaughtException"] as const) {
  process.on(event, (error: unknown) => stray.push(describeError(error)));
}

const known = { ...portableSuites, "script/process-isolation": processIsolation, "script/process-agent": processAgent };
const suites = Object.fromEntries(
  Object.entries(known).filter(([name]) => folders.split(",").some((folder) => name.startsWith(folder))),
);
const tests = collectTests(suites).filter(
  ({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)),
);
const startedAt = performance.now();
const red: { name: string; error: string }[] = [];
for (const test of tests) {
  const strayBefore = stray.length;
  const result = await runTest({ ...test, timeoutMs: Math.min(test.timeoutMs ?? timeoutMs, timeoutMs) });
  if (!result.ok) red.push({ name: test.name, error: result.error ?? "" });
  // A rejection that nobody handled is reported a little later than it came; it counts for the test that just ran.
  else if (stray.length > strayBefore) red.push({ name: test.name, error: stray.slice(strayBefore).join("\n") });
  if (wanted.length > 0 && red.length > 0) break;
}
const report = { ran: tests.length, ms: Math.round(performance.now() - startedAt), red };
process.stdout.write(`\n${JSON.stringify(report)}\n`, () => process.exit(0));
