import { collectTests, type CollectedTest, runTest, type TestResult } from "../support/mini-test.ts";
import type { PortableSuite } from "../support/test-api.ts";
import type { Skip } from "./skips.ts";

/** The runtimes that run the portable suites outside Vitest. "node20" stands for the oldest supported line. */
export const runtimeNames = ["node20", "deno", "bun", "workerd"] as const;
export type RuntimeName = (typeof runtimeNames)[number];

/** What a runner prints on its last line of stdout, as JSON. */
export interface RuntimeReport {
  readonly runtime: RuntimeName;
  readonly version: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: readonly { readonly name: string; readonly reason: string }[];
  readonly failures: readonly { readonly name: string; readonly error: string }[];
  readonly ms: number;
}

/** One test, to be run here or at the other end of a connection. */
export interface RunnableTest {
  readonly name: string;
  readonly run: () => Promise<TestResult>;
}

export function localTests(suites: Readonly<Record<string, PortableSuite>>): RunnableTest[] {
  return collectTests(suites).map((test: CollectedTest) => ({ name: test.name, run: () => runTest(test) }));
}

interface ReportOptions {
  readonly runtime: RuntimeName;
  readonly version: string;
  readonly tests: readonly RunnableTest[];
  readonly skips: readonly Skip[];
  /** Errors that no test was told about, such as unhandled rejections; read when all tests have run. */
  readonly strayErrors: () => readonly string[] | Promise<readonly string[]>;
}

/** Runs tests one after the other: those of one suite may share state, and so do all in one isolate. */
export async function reportOn(options: ReportOptions): Promise<RuntimeReport> {
  const startedAt = Date.now();
  const used = new Set<Skip>();
  const skipped: { name: string; reason: string }[] = [];
  const failures: { name: string; error: string }[] = [];
  let passed = 0;
  for (const { name, run } of options.tests) {
    const skip = options.skips.find(({ test }) => name === test || name.startsWith(`${test} > `));
    if (skip !== undefined) {
      used.add(skip);
      skipped.push({ name, reason: skip.reason });
      continue;
    }
    // Should the runtime hang or die, the last of these lines says where.
    console.error(`running: ${name}`);
    const result = await run();
    if (result.ok) passed++;
    else failures.push({ name, error: result.error ?? "failed without a word" });
  }
  for (const skip of options.skips) {
    if (!used.has(skip)) failures.push({ name: "(skips)", error: `No test is called "${skip.test}": remove the skip` });
  }
  // Runtimes tell of an unhandled rejection only when all that was ready has run.
  await new Promise((resolve) => setTimeout(resolve, 10));
  for (const error of await options.strayErrors()) failures.push({ name: "(outside of any test)", error });
  const { runtime, version } = options;
  return { runtime, version, passed, failed: failures.length, skipped, failures, ms: Date.now() - startedAt };
}
