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

/** What each code means to HTTP and to a caller that wonders whether to try again. The only such table. */
const CODES: Readonly<Record<TurnErrorCode, { readonly status: number; readonly retryable: boolean }>> = {
  "invalid-request": { status: 400, retryable: false },
  unauthorized: { status: 401, retryable: false },
  forbidden: { status: 403, retryable: false },
  "execution-not-found": { status: 404, retryable: false },
  "approval-not-found": { status: 404, retryable: false },
  "agent-not-found": { status: 404, retryable: false },
  "not-found": { status: 404, retryable: false },
  "method-not-allowed": { status: 405, retryable: false },
  "execution-conflict": { status: 409, retryable: false },
  "session-busy": { status: 409, retryable: true },
  "approval-decided": { status: 409, retryable: false },
  "approval-expired": { status: 410, retryable: false },
  "cursor-gap": { status: 410, retryable: false },
  "cursor-ahead": { status: 409, retryable: false },
  "too-large": { status: 413, retryable: false },
  "rate-limited": { status: 429, retryable: true },
  "agent-failed": { status: 500, retryable: false },
  "recovery-failed": { status: 500, retryable: false },
  "store-failed": { status: 500, retryable: false },
  "unsupported-suspension": { status: 500, retryable: false },
  "script-error": { status: 500, retryable: false },
  "script-limit": { status: 500, retryable: false },
  "script-timeout": { status: 504, retryable: false },
  "vm-lost": { status: 503, retryable: true },
  "not-supported": { status: 501, retryable: false },
  "malformed-event": { status: 502, retryable: false },
  "truncated-stream": { status: 502, retryable: true },
  "upstream-failed": { status: 502, retryable: true },
  "connection-lost": { status: 503, retryable: true },
  "lease-lost": { status: 503, retryable: true },
  "store-busy": { status: 503, retryable: true },
  closed: { status: 503, retryable: true },
  "hook-timeout": { status: 504, retryable: false },
  "deadline-exceeded": { status: 504, retryable: false },
};

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
    options: { readonly cause?: unknown; readonly retryable?: boolean } = {},
  ) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.status = CODES[code].status;
    this.retryable = options.retryable ?? CODES[code].retryable;
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
  if (typeof value !== "object" || value === null) return false;
  const error = value as { [BRAND]?: unknown; code?: unknown };
  return error[BRAND] === true && (code === undefined || error.code === code);
}

/** The code table as rows, for documentation and for clients that rebuild an error from its code. */
export function isTurnErrorCode(value: unknown): value is TurnErrorCode {
  return typeof value === "string" && Object.hasOwn(CODES, value);
}
