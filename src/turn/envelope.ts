import type { TurnIdentity } from "../event/identity.ts";
import { ENVELOPE_PREFIX, type TurnEvent } from "../event/turn-event.ts";
import { defined } from "../internal/defined.ts";

/** Whose envelope it is: what every envelope event says of its turn. */
export interface EnvelopeSubject {
  readonly identity: TurnIdentity;
  readonly executionId?: string | undefined;
}

/** An event of the envelope: what it says by itself, and of whose turn. */
export function envelopeEvent(
  what: "started" | "completed" | "failed" | "cancelled",
  { identity, executionId }: EnvelopeSubject,
  said: object,
): TurnEvent {
  const { sessionId } = identity;
  return { type: ENVELOPE_PREFIX + what, data: defined({ sessionId, ...said, executionId }) };
}

export function startedEvent(turn: EnvelopeSubject): TurnEvent {
  const { tenantId, turnIndex } = turn.identity;
  return envelopeEvent("started", turn, { tenantId, turnIndex });
}
