import { describeValue } from "../internal/describe-value.ts";
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

const TERMINALS: ReadonlySet<string> = new Set([COMPLETED, FAILED, CANCELLED]);

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
  return TERMINALS.has(event.type);
}

/** Refuses a value that is no event: what a producer yields and what a stranger's line holds. */
export function checkEvent(value: unknown): asserts value is TurnEvent {
  if (typeof value !== "object" || value === null) {
    throw new TypeError(`An event must be an object with a type, got ${describeValue(value)}`);
  }
  const { type, id } = value as { type?: unknown; id?: unknown };
  if (typeof type !== "string" || type === "") {
    throw new TypeError(`An event's type must be a string that is not empty, got ${describeValue(type)}`);
  }
  if (id !== undefined && typeof id !== "string") {
    throw new TypeError(`An event's id must be a string, got ${describeValue(id)}`);
  }
}
