import { isTurnErrorCode, TurnError, type TurnErrorCode } from "../errors.ts";
import type { Clock } from "../internal/clock.ts";
import { readSome } from "../internal/read-some.ts";
import { clip } from "../internal/describe-value.ts";

const CODE_OF_STATUS: Readonly<Record<number, TurnErrorCode>> = {
  400: "invalid-request",
  401: "unauthorized",
  403: "forbidden",
  404: "not-found",
  405: "method-not-allowed",
  413: "too-large",
  429: "rate-limited",
};

/** The error that a response which is no turn stands for: an RFC 9457 problem document, or just its status. */
export async function refusalOf(response: Response, clock: Clock): Promise<TurnError> {
  const { status } = response;
  const problem = await readProblem(response, clock);
  const code = problem["code"];
  const said = [problem["detail"], problem["title"], problem["message"], response.statusText].find(
    (one): one is string => typeof one === "string" && one !== "",
  );
  const message = `HTTP ${status}${said === undefined ? "" : `: ${clip(said, 500)}`}`;
  const retryable = problem["retryable"];
  if (isTurnErrorCode(code)) return new TurnError(code, message, typeof retryable === "boolean" ? { retryable } : {});
  return new TurnError(CODE_OF_STATUS[status] ?? "upstream-failed", message, {
    // What a stranger in between answers (a gateway's 502, a limit's 429) may pass.
    retryable: typeof retryable === "boolean" ? retryable : status === 429 || status >= 500,
  });
}

async function readProblem(response: Response, clock: Clock): Promise<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(await readSome(response, clock, 5000));
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    // A body that is no JSON, or breaks off, says no more than its status does.
    return {};
  }
}
