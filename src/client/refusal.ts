import { isTurnErrorCode, TurnError, type TurnErrorCode } from "../errors.ts";
import type { Clock } from "../internal/clock.ts";
import { readSome } from "../internal/read-some.ts";
import { fieldsOf } from "../internal/fields-of.ts";
import { isText } from "../internal/is-text.ts";
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
  const { status, statusText, headers } = response;
  let problem: unknown;
  let isCut = false;
  try {
    problem = JSON.parse(await readSome(response, clock, 5000));
  } catch {
    // A body that is no JSON says no more than its status does, which is little where it should have been JSON and broke off.
    isCut = headers.get("content-type")?.includes("json") === true;
  }
  const { code, detail, title, message, retryable } = fieldsOf(problem);
  const said = [detail, title, message, statusText].find(isText);
  const isKnown = isTurnErrorCode(code);
  const meant = CODE_OF_STATUS[status];
  // What a stranger in between answers (a gateway's 502, a limit's 429) may pass, and a refusal that was cut off be told again.
  const mayPass = isKnown ? undefined : status === 429 || status >= 500 || (isCut && meant === undefined);
  return new TurnError(
    isKnown ? code : (meant ?? "upstream-failed"),
    `HTTP ${status}${said === undefined ? "" : `: ${clip(said, 500)}`}`,
    { retryable: typeof retryable === "boolean" ? retryable : mayPass },
  );
}
