/** What can go wrong between a caller and the owner, apart from what the job itself does. */
export type OwnerErrorCode = "closed" | "schedule-rejected" | "canceled" | "panicked";

const BRAND = Symbol.for("turnwire.OwnerError");

/**
 * An error of a runtime owner. The message names the operation, `cause` says why: the abort reason of a canceled call,
 * what a panicked job threw or rejected with, what the scheduler answered.
 *
 * @example
 * ```ts
 * import { createRuntimeOwner, isOwnerError } from "turnwire/script";
 *
 * const owner = createRuntimeOwner({ name: "vm" });
 * try {
 *   await owner.call("load config", () => JSON.parse("{"));
 * } catch (error) {
 *   isOwnerError(error, "panicked"); // true; error.op is "load config", error.cause the SyntaxError
 * }
 * ```
 */
export class OwnerError extends Error {
  override readonly name: string = "OwnerError";
  readonly code: OwnerErrorCode;
  /** The operation as the caller named it. */
  readonly op: string;

  constructor(code: OwnerErrorCode, op: string, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.op = op;
    Object.defineProperty(this, BRAND, { value: true });
  }
}

/** One that says whose operation it was: `vm: load config was canceled`. */
export function ownerError(
  code: OwnerErrorCode,
  owner: string,
  op: string,
  what: string,
  options?: { readonly cause?: unknown },
): OwnerError {
  return new OwnerError(code, op, `${owner}: ${op} ${what}`, options);
}

/** Whether a value is an {@link OwnerError}, also one made by another copy of this library in the same program. */
export function isOwnerError(value: unknown, code?: OwnerErrorCode): value is OwnerError {
  if (typeof value !== "object" || value === null) return false;
  const error = value as { [BRAND]?: unknown; code?: unknown };
  return error[BRAND] === true && (code === undefined || error.code === code);
}
