import { type Check, checkObject, checkString, mustBe } from "../internal/check-argument.ts";
import { isText } from "../internal/is-text.ts";
import type { Cursor } from "./cursor.ts";

/**
 * One thing a turn says. With an id it is stored and can be replayed; without one it is ephemeral: never stored,
 * replayed or counted. Types that this library does not know pass through it unchanged.
 */
export interface TurnEvent {
  readonly type: string;
  readonly data?: Readonly<Record<string, unknown>>;
  readonly id?: Cursor;
}

/** The type of a turn's first event. */
export const STARTED = "session.run.started";
export const COMPLETED = "session.run.completed";
export const FAILED = "session.run.failed";
export const CANCELLED = "session.run.cancelled";
/** Sent after a silence; ephemeral. An SSE comment would be invisible to page JavaScript. */
export const HEARTBEAT = "session.run.heartbeat";
/** Types with this prefix belong to the turn's owner; a producer's own never pass through (T1). */
export const ENVELOPE_PREFIX = "session.run.";

/**
 * Whether an event is the last of its turn.
 *
 * @example
 * ```ts
 * import { isTerminal } from "turnwire";
 *
 * isTerminal({ type: "session.run.completed", data: { sessionId: "s" } }); // true
 * ```
 */
export function isTerminal(event: TurnEvent): boolean {
  return /^session\.run\.(completed|failed|cancelled)$/.test(event.type);
}

const checkType: Check<string> = /* @__PURE__ */ mustBe("a string that is not empty", isText);

/** Refuses a value that is no event: what a producer yields and what a stranger's line holds. */
export function checkEvent(value: unknown): asserts value is TurnEvent {
  checkObject("An event", value);
  const { type, id } = value as { readonly type?: unknown; readonly id?: unknown };
  checkType("An event's type", type);
  if (id !== undefined) checkString("An event's id", id);
}
