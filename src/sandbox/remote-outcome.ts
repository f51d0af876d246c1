import type { TurnFailure } from "../event/outcome.ts";

/** How the sandbox says that a run went. `waiting`: it ended to be gone on with once a person has answered. */
export type RemoteOutcome =
  | { readonly status: "completed" | "waiting" }
  | { readonly status: "failed"; readonly failure: TurnFailure }
  | { readonly status: "cancelled"; readonly reason?: string };

type Data = Readonly<Record<string, unknown>>;

const FAILED = /^(?:fail|error|timed?[_-]?out|expired|crash)/i;
const CANCELLED = /^(?:cancel|interrupt|abort|stopped)/i;
const WAITING = /^(?:awaiting|blocked)/i;

/** Reads the `outcome` of a `result` or `done` event: a word, or an object with a `type`. Absent: it went well. */
export function readOutcome(data: Data): RemoteOutcome {
  const { outcome, status, success } = data;
  const details = isObject(outcome) ? outcome : {};
  const words = [typeof outcome === "string" ? outcome : details["type"], status].filter(
    (word): word is string => typeof word === "string",
  );
  const says = (pattern: RegExp): boolean => words.some((word) => pattern.test(word));
  if (says(WAITING)) return { status: "waiting" };
  if (says(CANCELLED)) {
    const reason = [details["reason"], data["reason"]].find(isText);
    return { status: "cancelled", ...(reason === undefined ? {} : { reason }) };
  }
  if (says(FAILED) || success === false) {
    const error = isObject(data["error"]) ? data["error"] : {};
    const message = [details["message"], error["message"], details["error"], data["error"], details["reason"]].find(
      isText,
    );
    const code = [details["code"], error["code"], data["code"]].find(isText);
    return {
      status: "failed",
      failure: { message: message ?? "The agent in the sandbox failed", code: code ?? "agent-failed" },
    };
  }
  return { status: "completed" };
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
