import type { AsyncMatchers, Expect, Matchers } from "./test-api.ts";
import { findDifference, type Comparison } from "./find-difference.ts";
import { showValue } from "./show-value.ts";

/** Why an expectation failed: what was asked, where the values part, and both of them. */
export class ExpectationError extends Error {
  override readonly name = "ExpectationError";
}

/** `expect` for runtimes where Vitest does not run, with the same verdicts for the matchers of `TestApi`. */
export const expect: Expect = (actual, message) => ({
  ...createMatchers(actual, false, message),
  not: createMatchers(actual, true, message),
  rejects: createRejectMatchers(actual, message),
});

type SyncMatchers = Omit<Matchers, "not" | "rejects" | "resolves">;
type Class = new (...args: never[]) => unknown;
type Thrown = { readonly error: unknown };

function createMatchers(actual: unknown, negated: boolean, label: string | undefined): SyncMatchers {
  const claim = (holds: boolean, what: string, detail = ""): void => {
    if (holds === negated) fail(`expected ${showValue(actual)} ${negated ? "not " : ""}${what}${detail}`, label);
  };
  // What makes no sense fails with `not` too.
  const demand = (sane: boolean, what: string): void => {
    if (!sane) fail(what, label);
  };
  const claimSame = (expected: unknown, comparison: Comparison, what: string): void => {
    const difference = findDifference(actual, expected, comparison);
    const detail =
      difference === undefined
        ? ""
        : `\n  at       ${difference.path || "(the value itself)"}${difference.why === undefined ? "" : ` (${difference.why})`}` +
          `\n  expected ${showValue(difference.expected)}\n  actual   ${showValue(difference.actual)}`;
    claim(difference === undefined, `${what} ${showValue(expected)}`, detail);
  };
  const claimOrder = (other: number, word: string, holds: (one: number) => boolean): void => {
    demand(
      isNumeric(actual) && isNumeric(other),
      `expected two numbers, got ${showValue(actual)} and ${showValue(other)}`,
    );
    claim(holds(actual as number), `to be ${word} ${showValue(other)}`);
  };
  return {
    toBe: (expected) => claim(Object.is(actual, expected), `to be ${showValue(expected)} (Object.is)`),
    toEqual: (expected) => claimSame(expected, "equal", "to equal"),
    toStrictEqual: (expected) => claimSame(expected, "strict", "to strictly equal"),
    toMatchObject: (expected) => claimSame(expected, "subset", "to match"),
    toContain(item) {
      if (typeof actual === "string") {
        demand(typeof item === "string", `a string can only contain a string, not ${showValue(item)}`);
        claim(actual.includes(item as string), `to contain ${showValue(item)}`);
        return;
      }
      demand(actual !== undefined && actual !== null, `expected something that can contain, got ${showValue(actual)}`);
      // Not `includes`: NaN is not found, as in Vitest.
      claim(Array.from(actual as Iterable<unknown>).indexOf(item) !== -1, `to contain ${showValue(item)}`);
    },
    toMatch(pattern) {
      demand(typeof actual === "string", `expected a string, got ${showValue(actual)}`);
      const text = actual as string;
      claim(
        typeof pattern === "string" ? text.includes(pattern) : text.search(pattern) !== -1,
        `to match ${showValue(pattern)}`,
      );
    },
    toHaveLength(length) {
      const found = lengthOf(actual);
      demand(found !== undefined, `expected something with a length, got ${showValue(actual)}`);
      claim(found === length, `to have length ${length}`, ` (it is ${showValue(found)})`);
    },
    toBeInstanceOf: (type) => claim(actual instanceof type, `to be an instance of ${type.name}`),
    toBeDefined: () => claim(actual !== undefined, "to be defined"),
    toBeUndefined: () => claim(actual === undefined, "to be undefined"),
    toBeGreaterThan: (other) => claimOrder(other, "greater than", (one) => one > other),
    toBeGreaterThanOrEqual: (other) => claimOrder(other, "at least", (one) => one >= other),
    toBeLessThan: (other) => claimOrder(other, "less than", (one) => one < other),
    toBeLessThanOrEqual: (other) => claimOrder(other, "at most", (one) => one <= other),
    toThrow(expected) {
      demand(typeof actual === "function", `expected a function, got ${showValue(actual)}`);
      const thrown = catchFrom(actual as () => unknown);
      claim(
        thrown !== undefined && fits(thrown, expected),
        `to throw${describeExpected(expected)}`,
        describeThrown(thrown),
      );
    },
  };
}

function createRejectMatchers(actual: unknown, label: string | undefined): AsyncMatchers {
  const rejection = async (): Promise<unknown> => {
    const promise: unknown = typeof actual === "function" ? (actual as () => unknown)() : actual;
    if (!isThenable(promise)) fail(`expected a promise, got ${showValue(promise)}`, label);
    const outcome = await promise.then(
      (value: unknown) => ({ value }),
      (error: unknown) => ({ error }),
    );
    if ("value" in outcome)
      fail(`expected a promise that rejects, but it resolved with ${showValue(outcome.value)}`, label);
    return outcome.error;
  };
  return {
    async toThrow(expected) {
      const thrown = { error: await rejection() };
      if (!fits(thrown, expected)) {
        fail(`expected the promise to reject with${describeExpected(expected)}${describeThrown(thrown)}`, label);
      }
    },
    async toMatchObject(expected) {
      createMatchers(await rejection(), false, label).toMatchObject(expected);
    },
  };
}

function fits({ error }: Thrown, expected: RegExp | string | Class | undefined): boolean {
  if (expected === undefined) return true;
  if (typeof expected === "function") return error instanceof expected;
  const message = typeof error === "string" ? error : (error as { message?: unknown } | null | undefined)?.message;
  if (typeof message !== "string") return false;
  return typeof expected === "string" ? message.includes(expected) : message.search(expected) !== -1;
}

function catchFrom(body: () => unknown): Thrown | undefined {
  try {
    body();
    return undefined;
  } catch (error) {
    return { error };
  }
}

function lengthOf(value: unknown): unknown {
  if (typeof value === "string") return value.length;
  if (value instanceof Map || value instanceof Set) return value.size;
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return undefined;
  return "length" in value ? value.length : undefined;
}

function describeExpected(expected: RegExp | string | Class | undefined): string {
  if (expected === undefined) return " an error";
  return typeof expected === "function" ? ` a ${expected.name}` : ` an error that says ${showValue(expected)}`;
}

const describeThrown = (thrown: Thrown | undefined): string =>
  thrown === undefined ? "; nothing was thrown" : `; thrown was ${showValue(thrown.error)}`;

const isNumeric = (value: unknown): boolean => typeof value === "number" || typeof value === "bigint";
const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof (value as { then?: unknown } | null | undefined)?.then === "function";

function fail(what: string, label: string | undefined): never {
  throw new ExpectationError(label === undefined ? what : `${label}: ${what}`);
}
