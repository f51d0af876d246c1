import { isTurnError, TurnError } from "../errors.ts";
import type { Log } from "../turn/turn-owner.ts";

/** One field of a request that is not as it must be. */
export interface FieldProblem {
  readonly in: "body" | "query" | "path";
  /** Names and positions, joined by dots; empty for the whole. */
  readonly path: string;
  readonly detail: string;
}

/** A refusal as RFC 9457 has it. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** The code of a `TurnError`, or `internal-error`. */
  readonly code: string;
  readonly retryable: boolean;
  readonly errors?: readonly FieldProblem[];
}

/** A request that breaks its schema, or a limit. */
export class RefusedRequest extends TurnError {
  readonly errors: readonly FieldProblem[];

  constructor(code: "invalid-request" | "too-large", errors: readonly FieldProblem[]) {
    super(code, errors.map(({ path, detail }) => (path === "" ? detail : `${path}: ${detail}`)).join("; "));
    this.errors = errors;
  }
}

const RETRY_AFTER_SECONDS = 1;

/** The answer to a request that failed. What the client is not told, the log is. */
export function refuse(error: unknown, log: Log, headers: Readonly<Record<string, string>> = {}): Response {
  const problem = describe(error);
  if (problem.status >= 500 && problem.code !== "not-supported") log("A request failed", { error });
  return new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: {
      "content-type": "application/problem+json",
      "cache-control": "no-store",
      ...(problem.retryable ? { "retry-after": String(RETRY_AFTER_SECONDS) } : {}),
      ...headers,
    },
  });
}

function describe(error: unknown): Problem {
  if (!isTurnError(error)) return problemOf("internal-error", 500, false, WENT_WRONG);
  const { code, status, retryable } = error;
  const problem = problemOf(code, status, retryable, detailOf(error));
  return error instanceof RefusedRequest ? { ...problem, errors: error.errors } : problem;
}

function problemOf(code: string, status: number, retryable: boolean, detail: string): Problem {
  const title = code.charAt(0).toUpperCase() + code.slice(1).replaceAll("-", " ");
  return { type: `urn:turnwire:problem:${code}`, title, status, detail, code, retryable };
}

const WENT_WRONG = "The server could not do this; its log says why";

/** Messages of the server's own troubles (a path, an address) are not for strangers. */
function detailOf({ code, status, retryable, message }: TurnError): string {
  // The same words for what is not there and for what is another tenant's.
  if (code === "execution-not-found") return "There is no such execution";
  if (status < 500 || code === "not-supported") return message;
  return retryable ? "The server cannot do this right now; try again" : WENT_WRONG;
}
