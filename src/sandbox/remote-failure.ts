import { TurnError, type TurnErrorCode } from "../errors.ts";
import { clip } from "../internal/describe-value.ts";
import type { Redact } from "./redact.ts";
import type { SandboxEvent } from "./sandbox-sdk.ts";

/** How a request to the sandbox, or a connection to it, failed. */
export class RemoteFailure extends Error {
  override readonly name: string = "RemoteFailure";
  /** What a caller is told. Holds no cause: what the sandbox or its SDK threw may carry credentials. */
  readonly error: TurnError;
  /** `missing`: the sandbox knows no such execution. `passing`: the same again may work. */
  readonly kind: "missing" | "passing" | "final";
  /** How long the sandbox asked to be left alone. */
  readonly retryAfterMs: number | undefined;
  readonly status: number | undefined;

  constructor(error: TurnError, kind: RemoteFailure["kind"], more: Pick<Refusal, "retryAfterMs" | "status"> = {}) {
    super(error.message);
    this.error = error;
    this.kind = kind;
    this.retryAfterMs = more.retryAfterMs;
    this.status = more.status;
  }
}

/** A refusal as both transports bring it to one form. */
export interface Refusal {
  readonly status?: number;
  readonly code?: string;
  readonly message?: string;
  readonly retryAfterMs?: number;
}

interface Meaning {
  readonly code: TurnErrorCode;
  readonly kind: RemoteFailure["kind"];
  readonly says: string;
  readonly retryable?: boolean;
}

/**
 * What a status means to the turn. The sandbox's credentials are ours, not the client's: a 401 of its own would send the
 * client's user to a login that changes nothing.
 */
const MEANINGS: Readonly<Record<number, Meaning>> = {
  400: { code: "invalid-request", kind: "final", says: "The sandbox refused the prompt" },
  401: { code: "upstream-failed", kind: "final", says: "The sandbox refused our credentials", retryable: false },
  403: { code: "upstream-failed", kind: "final", says: "The sandbox forbids this", retryable: false },
  404: { code: "upstream-failed", kind: "final", says: "The sandbox was not found", retryable: false },
  405: { code: "not-supported", kind: "final", says: "The sandbox does not offer this" },
  408: { code: "upstream-failed", kind: "passing", says: "The sandbox took too long" },
  409: { code: "session-busy", kind: "final", says: "The sandbox is busy with another turn of this session" },
  413: { code: "too-large", kind: "final", says: "The prompt is too large for the sandbox" },
  422: { code: "invalid-request", kind: "final", says: "The sandbox refused the prompt" },
  425: { code: "upstream-failed", kind: "passing", says: "The sandbox is not ready" },
  429: { code: "rate-limited", kind: "passing", says: "The sandbox is rate limiting" },
  501: { code: "not-supported", kind: "final", says: "The sandbox does not offer this" },
};

const NOT_FOUND = /execution[_-]?not[_-]?found/i;
const BROKEN: Meaning = { code: "upstream-failed", kind: "passing", says: "The sandbox failed" };
const REFUSED: Meaning = { code: "upstream-failed", kind: "final", says: "The sandbox refused", retryable: false };
const LOST: Meaning = { code: "connection-lost", kind: "passing", says: "The connection to the sandbox failed" };

export function refusalFailure(refusal: Refusal, redact: Redact): RemoteFailure {
  const { status, code, message } = refusal;
  if (NOT_FOUND.test(code ?? "") || (status === 404 && NOT_FOUND.test(message ?? ""))) {
    return missing(refusal);
  }
  const meaning = meaningOf(status);
  const told = [status === undefined ? "" : `HTTP ${status}`, code ?? "", message ?? ""].filter((one) => one !== "");
  const text = clip(redact([meaning.says, ...told].join(": ")), 500);
  const options = meaning.retryable === undefined ? {} : { retryable: meaning.retryable };
  return new RemoteFailure(new TurnError(meaning.code, text, options), meaning.kind, refusal);
}

/** Throws for the event by which some versions say that they know no such execution. */
export function checkFound({ type, data, id }: SandboxEvent): void {
  const code = data?.["code"];
  if (type === "error" && id === undefined && typeof code === "string" && NOT_FOUND.test(code)) throw missing();
}

function missing(more: Pick<Refusal, "retryAfterMs" | "status"> = {}): RemoteFailure {
  const error = new TurnError("execution-not-found", "The sandbox has no events of this execution");
  return new RemoteFailure(error, "missing", more);
}

function meaningOf(status: number | undefined): Meaning {
  if (status === undefined || status === 0) return LOST;
  return MEANINGS[status] ?? (status >= 500 ? BROKEN : REFUSED);
}

/** What a transport threw: an error of the SDK, of `fetch`, or of a socket. */
export function thrownFailure(thrown: unknown, redact: Redact): RemoteFailure {
  if (thrown instanceof RemoteFailure) return thrown;
  const { status, statusCode, code, message, retryAfterMs, retryAfter, cause } = readable(thrown);
  const inner = readable(cause);
  const number = [status, statusCode].find((one): one is number => typeof one === "number");
  const name = [code, inner["code"]].find((one): one is string => typeof one === "string");
  const wait =
    typeof retryAfterMs === "number" ? retryAfterMs : typeof retryAfter === "number" ? retryAfter * 1000 : undefined;
  return refusalFailure(
    {
      ...(number === undefined ? {} : { status: number }),
      ...(name === undefined ? {} : { code: name }),
      ...(typeof message === "string" ? { message } : {}),
      ...(wait === undefined ? {} : { retryAfterMs: wait }),
    },
    redact,
  );
}

/** A connection that ended before the run did. */
export function severed(why: string): RemoteFailure {
  return new RemoteFailure(new TurnError("connection-lost", why), "passing");
}

function readable(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
