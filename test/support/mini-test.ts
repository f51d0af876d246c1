import type { PortableSuite, TestApi } from "./test-api.ts";
import { expect } from "./mini-expect.ts";
import { showValue } from "./show-value.ts";

// A test runner small enough to carry into any runtime: it imports nothing but the language and timers.

export interface CollectedTest {
  /** Suite, describe blocks and test, joined by " > "; two tests may share a name. */
  readonly name: string;
  readonly timeoutMs?: number;
  readonly run: () => void | Promise<void>;
}

export interface TestResult {
  readonly name: string;
  readonly ok: boolean;
  readonly error?: string;
  readonly ms: number;
}

export interface RunOptions {
  /** Runs only tests whose name this is true of. */
  readonly only?: (name: string) => boolean;
  /** For tests that set no limit of their own. Default 30 s. */
  readonly timeoutMs?: number;
}

const DEFAULT_TIMEOUT_MS = 30_000;

/** Runs the bodies of all suites and `describe` blocks; a suite that throws there becomes a failing test. */
export function collectTests(suites: Readonly<Record<string, PortableSuite>>): CollectedTest[] {
  const tests: CollectedTest[] = [];
  for (const [name, suite] of Object.entries(suites)) {
    const before = tests.length;
    const add = (test: CollectedTest): void => void tests.push(test);
    try {
      collectSuite(name, suite, add);
      if (tests.length === before) throw new Error("The suite has no tests");
    } catch (error) {
      add({ name: `${name} > (collecting its tests)`, run: () => Promise.reject(error) });
    }
  }
  return tests;
}

function collectSuite(suiteName: string, suite: PortableSuite, add: (test: CollectedTest) => void): void {
  const path = [suiteName];
  let collecting = true;
  const refuseLate = (what: string): void => {
    if (!collecting) throw new Error(`${what} was called while tests run; register all tests at once`);
  };
  const api: TestApi = {
    describe(name, body) {
      refuseLate("describe");
      path.push(name);
      const returned: unknown = body();
      path.pop();
      if (returned instanceof Promise) throw new Error(`The body of describe("${name}") must not be async`);
    },
    it(name, body, timeoutMs) {
      refuseLate("it");
      add({ name: [...path, name].join(" > "), run: body, ...(timeoutMs === undefined ? {} : { timeoutMs }) });
    },
    expect,
  };
  try {
    suite(api);
  } finally {
    collecting = false;
  }
}

/** Runs tests one after the other. A test that never ends is given up at its limit, and the next one starts. */
export async function runTests(tests: readonly CollectedTest[], options: RunOptions = {}): Promise<TestResult[]> {
  const results: TestResult[] = [];
  for (const test of tests) {
    if (options.only?.(test.name) ?? true) results.push(await runTest(test, options.timeoutMs));
  }
  return results;
}

export async function runTest(test: CollectedTest, timeoutMs: number = DEFAULT_TIMEOUT_MS): Promise<TestResult> {
  const limitMs = test.timeoutMs ?? timeoutMs;
  const startedAt = Date.now();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`The test did not end within ${limitMs} ms`)), limitMs);
  });
  try {
    await Promise.race([Promise.resolve().then(test.run), late]);
    return { name: test.name, ok: true, ms: Date.now() - startedAt };
  } catch (error) {
    return { name: test.name, ok: false, error: describeError(error), ms: Date.now() - startedAt };
  } finally {
    clearTimeout(timer);
  }
}

export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return `Thrown: ${showValue(error)}`;
  const head = `${error.name}: ${error.message}`;
  // V8 begins a stack with the message, JavaScriptCore does not.
  const frames = (error.stack ?? "").split("\n").filter((line) => /^\s+at |@/.test(line) && !head.includes(line));
  const cause = error.cause === undefined ? "" : `\ncause: ${showValue(error.cause)}`;
  return [head, ...frames.slice(0, 6)].join("\n") + cause;
}
