/** Every code that a {@link TurnError} can carry. */
export type TurnErrorCode =
  | "invalid-request"
  | "unauthorized"
  | "forbidden"
  | "execution-not-found"
  | "approval-not-found"
  | "agent-not-found"
  | "not-found"
  | "method-not-allowed"
  | "execution-conflict"
  | "session-busy"
  | "approval-decided"
  | "approval-expired"
  | "cursor-gap"
  | "cursor-ahead"
  | "too-large"
  | "rate-limited"
  | "agent-failed"
  | "recovery-failed"
  | "store-failed"
  | "unsupported-suspension"
  | "script-error"
  | "script-limit"
  | "script-timeout"
  | "vm-lost"
  | "not-supported"
  | "malformed-event"
  | "truncated-stream"
  | "upstream-failed"
  | "connection-lost"
  | "lease-lost"
  | "store-busy"
  | "closed"
  | "hook-timeout"
  | "deadline-exceeded";

/** What each code means to HTTP. The only such table. */
const STATUS: Readonly<Record<TurnErrorCode, number>> = {
  "invalid-request": 400,
  unauthorized: 401,
  forbidden: 403,
  "execution-not-found": 404,
  "approval-not-found": 404,
  "agent-not-found": 404,
  "not-found": 404,
  "method-not-allowed": 405,
  "execution-conflict": 409,
  "session-busy": 409,
  "approval-decided": 409,
  "approval-expired": 410,
  "cursor-gap": 410,
  "cursor-ahead": 409,
  "too-large": 413,
  "rate-limited": 429,
  "agent-failed": 500,
  "recovery-failed": 500,
  "store-failed": 500,
  "unsupported-suspension": 500,
  "script-error": 500,
  "script-limit": 500,
  "script-timeout": 504,
  "vm-lost": 503,
  "not-supported": 501,
  "malformed-event": 502,
  "truncated-stream": 502,
  "upstream-failed": 502,
  "connection-lost": 503,
  "lease-lost": 503,
  "store-busy": 503,
  closed: 503,
  "hook-timeout": 504,
  "deadline-exceeded": 504,
};

/** The codes after which the same call may succeed later; every 503 is one too. */
const RETRYABLE: readonly TurnErrorCode[] = ["session-busy", "rate-limited", "truncated-stream", "upstream-failed"];

const BRAND = Symbol.for("turnwire.TurnError");

/**
 * An error that callers are meant to tell apart, by `code`. A misused argument is not one of these: it is a
 * `TypeError` or `RangeError`, thrown at once.
 *
 * @example
 * ```ts
 * import { TurnError } from "turnwire";
 *
 * const error = new TurnError("cursor-gap", "Events up to 40 were trimmed; read from the start");
 * error.status; // 410
 * error.retryable; // false
 * ```
 */
export class TurnError extends Error {
  override readonly name: string = "TurnError";
  readonly code: TurnErrorCode;
  /** The HTTP status that a route answers with. */
  readonly status: number;
  /** Whether the same call may succeed later without anyone changing it. */
  readonly retryable: boolean;

  constructor(
    code: TurnErrorCode,
    message: string,
    options: { readonly cause?: unknown; readonly retryable?: boolean | undefined } = {},
  ) {
    super(message, options);
    this.code = code;
    this.status = STATUS[code];
    this.retryable = options.retryable ?? (this.status === 503 || RETRYABLE.includes(code));
    Object.defineProperty(this, BRAND, { value: true });
  }
}

/**
 * Whether a value is a {@link TurnError}, also one made by another copy of this library in the same program.
 *
 * @example
 * ```ts
 * import { isTurnError, TurnError } from "turnwire";
 *
 * isTurnError(new TurnError("closed", "The engine was stopped"), "closed"); // true
 * isTurnError(new Error("closed")); // false
 * ```
 */
export function isTurnError(value: unknown, code?: TurnErrorCode): value is TurnError {
  const error = Object(value) as { [BRAND]?: unknown; code?: unknown };
  return error[BRAND] === true && (code === undefined || error.code === code);
}

/** The code table as rows, for documentation and for clients that rebuild an error from its code. */
export function isTurnErrorCode(value: unknown): value is TurnErrorCode {
  return typeof value === "string" && Object.hasOwn(STATUS, value);
}
