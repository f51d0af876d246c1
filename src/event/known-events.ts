import type { TurnEvent } from "./turn-event.ts";
import type { TokenUsage } from "./usage.ts";

/** One part of the assistant's message, as `message.part.updated` carries it. */
export type MessagePartUpdate =
  | { readonly type: "text" | "reasoning"; readonly id?: string; readonly text?: string }
  | {
      readonly type: "tool";
      readonly id?: string;
      readonly callID: string;
      readonly tool: string;
      readonly state: ToolState;
    };

/** What a tool call is up to. */
export interface ToolState {
  readonly status: "pending" | "running" | "completed" | "error" | (string & {});
  readonly input?: unknown;
  readonly output?: unknown;
  readonly error?: string;
}

/** The payloads of the event types that this library reads. Others pass through it unread. */
export interface KnownEvents {
  "session.run.started": { sessionId: string; tenantId: string; turnIndex: number; executionId?: string };
  "session.run.completed": { sessionId: string; executionId?: string; usage?: TokenUsage };
  "session.run.failed": { sessionId: string; message: string; code?: string; executionId?: string };
  "session.run.cancelled": { sessionId: string; reason?: string; executionId?: string };
  "session.run.heartbeat": Record<never, never>;
  error: { message: string; code?: string };
  "message.part.updated": { part: MessagePartUpdate; delta?: string };
  result: { finalText: string; tokenUsage?: TokenUsage };
  status: { status: string };
  "step.started": Record<string, unknown>;
  "step.finished": Record<string, unknown>;
  "upstream.event": { format: string; raw: unknown };
}

/**
 * Narrows an event to the payload that its type is known to carry. It looks at the type alone: a producer that sends
 * something else under a known type is not found out here.
 *
 * @example
 * ```ts
 * import { isEvent, type TurnEvent } from "turnwire";
 *
 * const event: TurnEvent = { type: "error", data: { message: "no model" } };
 * if (isEvent(event, "error")) console.log(event.data.message);
 * ```
 */
export function isEvent<T extends keyof KnownEvents>(
  event: TurnEvent,
  type: T,
): event is TurnEvent & { readonly type: T; readonly data: KnownEvents[T] } {
  return event.type === type && typeof event.data === "object" && event.data !== null;
}

/**
 * The event that says a piece of the answer.
 *
 * @example
 * ```ts
 * import { textDelta } from "turnwire";
 *
 * textDelta("Hel"); // { type: "message.part.updated", data: { part: { type: "text" }, delta: "Hel" } }
 * ```
 */
export function textDelta(delta: string): TurnEvent {
  return { type: "message.part.updated", data: { part: { type: "text" }, delta } };
}
