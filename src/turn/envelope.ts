import type { TurnIdentity } from "../event/identity.ts";
import type { TurnFailure } from "../event/outcome.ts";
import { CANCELLED, COMPLETED, FAILED, HEARTBEAT, STARTED, type TurnEvent } from "../event/turn-event.ts";
import type { TokenUsage } from "../event/usage.ts";

/** Whose envelope it is: what every envelope event says of its turn. */
export interface EnvelopeSubject {
  readonly identity: TurnIdentity;
  readonly executionId?: string;
}

export function startedEvent({ identity, executionId }: EnvelopeSubject): TurnEvent {
  const { sessionId, tenantId, turnIndex } = identity;
  return { type: STARTED, data: { sessionId, tenantId, turnIndex, ...optional({ executionId }) } };
}

export function completedEvent({ identity, executionId }: EnvelopeSubject, usage?: TokenUsage): TurnEvent {
  return { type: COMPLETED, data: { sessionId: identity.sessionId, ...optional({ executionId, usage }) } };
}

/** `details` is what the producer's own failure event carried beside the message. */
export function failedEvent(
  { identity, executionId }: EnvelopeSubject,
  { message, code }: TurnFailure,
  details: Readonly<Record<string, unknown>> = {},
): TurnEvent {
  const { sessionId } = identity;
  return { type: FAILED, data: { ...details, sessionId, message, ...optional({ code, executionId }) } };
}

export function cancelledEvent({ identity, executionId }: EnvelopeSubject, reason?: string): TurnEvent {
  return { type: CANCELLED, data: { sessionId: identity.sessionId, ...optional({ reason, executionId }) } };
}

export function errorEvent({ message, code }: TurnFailure): TurnEvent {
  return { type: "error", data: { message, ...optional({ code }) } };
}

export function heartbeatEvent(): TurnEvent {
  return { type: HEARTBEAT, data: {} };
}

/** The entries that have a value: optional keys are absent, not undefined. */
function optional(entries: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined));
}
