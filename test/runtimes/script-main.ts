import { describeError } from "../support/mini-test.ts";
import { portableSuites } from "./portable-suites.ts";
import { localTests, reportOn, type RuntimeName } from "./runtime-report.ts";
import { skips } from "./skips.ts";

// The program that Deno, Bun and older Nodes run: all portable suites, then one line of JSON, then an end, whatever
// the tests left running.

interface ScriptGlobals {
  readonly Deno?: { readonly version: { readonly deno: string } };
  readonly Bun?: { readonly version: string };
}

function identify(): { runtime: RuntimeName; version: string } {
  const { Deno, Bun } = globalThis as ScriptGlobals;
  if (Deno !== undefined) return { runtime: "deno", version: Deno.version.deno };
  if (Bun !== undefined) return { runtime: "bun", version: Bun.version };
  return { runtime: "node20", version: process.version.slice(1) };
}

const strayErrors: string[] = [];
for (const event of ["unhandledRejection", "uncaughtException"] as const) {
  process.on(event, (error: unknown) => strayErrors.push(`${event}: ${describeError(error)}`));
}

const { runtime, version } = identify();
const report = await reportOn({
  runtime,
  version,
  tests: localTests(portableSuites),
  skips: skips[runtime],
  strayErrors: () => strayErrors,
});
// Ends only when the line is out: a pipe may take it later.
process.stdout.write(`\n${JSON.stringify(report)}\n`, () => process.exit(report.failed === 0 ? 0 : 1));
