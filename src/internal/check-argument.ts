import { describeValue } from "./describe-value.ts";

// Refusals of misused arguments: thrown at once, naming the argument, what came and what was wanted.

export function checkObject(name: string, value: unknown): asserts value is object {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new TypeError(`${name} must be an object, got ${describeValue(value)}`);
  }
}

export function checkString(name: string, value: unknown): asserts value is string {
  if (typeof value !== "string") throw new TypeError(`${name} must be a string, got ${describeValue(value)}`);
}

/** A string that is neither empty nor only white space. */
export function checkName(name: string, value: unknown): asserts value is string {
  checkString(name, value);
  if (value.trim() === "") throw new TypeError(`${name} must not be blank, got ${describeValue(value)}`);
}

export function checkFunction(name: string, value: unknown): void {
  if (typeof value !== "function") throw new TypeError(`${name} must be a function, got ${describeValue(value)}`);
}

export function checkOptionalFunction(name: string, value: unknown): void {
  if (value !== undefined) checkFunction(name, value);
}

export function checkOneOf(name: string, value: unknown, allowed: readonly string[]): void {
  if (typeof value === "string" && allowed.includes(value)) return;
  const wanted = allowed.map((one) => JSON.stringify(one)).join(" or ");
  throw new TypeError(`${name} must be ${wanted}, got ${describeValue(value)}`);
}

/** A safe integer of at least `least`. */
export function checkCount(name: string, value: unknown, least = 0): asserts value is number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= least) return;
  throw new RangeError(`${name} must be a whole number of at least ${least}, got ${describeValue(value)}`);
}

/** A duration in milliseconds: more than 0; `Infinity` stands for "never". */
export function checkDuration(name: string, value: unknown): asserts value is number {
  if (typeof value === "number" && value > 0) return;
  throw new RangeError(`${name} must be a number of milliseconds above 0, got ${describeValue(value)}`);
}

/** A duration of at least 0 that is finite. */
export function checkFiniteDuration(name: string, value: unknown): asserts value is number {
  if (typeof value === "number" && Number.isFinite(value) && value >= 0) return;
  throw new RangeError(`${name} must be a finite number of milliseconds of at least 0, got ${describeValue(value)}`);
}
