import { describeValue } from "./describe-value.ts";

// Refusals of misused arguments: thrown at once, naming the argument, what was wanted and what came.

/** Refuses a value that is not what an argument must be. */
export type Check<T> = (name: string, value: unknown) => asserts value is T;

/** Makes a check of what is wanted, in words and as a test. */
export function mustBe<T>(
  wanted: string,
  isIt: (value: unknown) => boolean,
  Refusal: ErrorConstructor = TypeError,
): Check<T> {
  return (name, value) => {
    if (!isIt(value)) refuse(name, wanted, value, Refusal);
  };
}

/** Refuses, in the words of the other checks. */
export function refuse(name: string, wanted: string, value: unknown, Refusal: ErrorConstructor = TypeError): never {
  throw new Refusal(`${name} must be ${wanted}, got ${describeValue(value)}`);
}

/** The same check for what may also be absent. */
export function optional<T>(check: Check<T>): Check<T | undefined> {
  return (name, value) => {
    if (value !== undefined) (check as (name: string, value: unknown) => void)(name, value);
  };
}

/** Checks fields of an object by their names; `prefix` is what the object itself is called. */
export function checkFields(owner: object, checks: Readonly<Record<string, Check<unknown>>>, prefix = ""): void {
  for (const [name, check] of Object.entries(checks)) {
    (check as (name: string, value: unknown) => void)(prefix + name, (owner as Record<string, unknown>)[name]);
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export const checkObject: Check<object> = /* @__PURE__ */ mustBe("an object", isObject);

export const checkList: Check<readonly unknown[]> = /* @__PURE__ */ mustBe("an array", Array.isArray);

export const checkString: Check<string> = /* @__PURE__ */ mustBe("a string", (value) => typeof value === "string");

/** A string that is neither empty nor only white space, and holds no half of a surrogate pair, so that it can be escaped. */
export const checkName: Check<string> = (name, value) => {
  if (typeof value !== "string" || /^\s*$|\p{Cs}/u.test(value))
    refuse(name, "well-formed text that is not blank", value);
};

export const checkFunction: Check<unknown> = /* @__PURE__ */ mustBe(
  "a function",
  (value) => typeof value === "function",
);

export const checkOptionalFunction: Check<unknown> = /* @__PURE__ */ optional(checkFunction);

/** One of a few words. */
export function oneOf(...allowed: readonly string[]): Check<string> {
  return (name, value) => checkOneOf(name, value, allowed);
}

export function checkOneOf(name: string, value: unknown, allowed: readonly string[]): asserts value is string {
  if (!allowed.includes(value as string)) {
    refuse(name, allowed.map((one) => JSON.stringify(one)).join(" or "), value);
  }
}

/** A safe integer of at least `least`. */
export function countFrom(least: number): Check<number> {
  return mustBe(
    `a whole number of at least ${least}`,
    (value) => Number.isSafeInteger(value) && (value as number) >= least,
    RangeError,
  );
}

export function checkCount(name: string, value: unknown, least = 0): asserts value is number {
  const check: Check<number> = countFrom(least);
  check(name, value);
}

/** A duration in milliseconds: more than 0; `Infinity` stands for "never". */
export const checkDuration: Check<number> = /* @__PURE__ */ mustBe(
  "a number of milliseconds above 0",
  (value) => typeof value === "number" && value > 0,
  RangeError,
);

/** A duration of at least 0 that is finite. */
export const checkFiniteDuration: Check<number> = /* @__PURE__ */ mustBe(
  "a finite number of milliseconds of at least 0",
  (value) => Number.isFinite(value) && (value as number) >= 0,
  RangeError,
);
