import { checkEvent, type TurnEvent } from "../event/turn-event.ts";
import { defined } from "../internal/defined.ts";
import { stringifyEvent } from "../wire/event-json.ts";
import { describeThrown } from "./describe-error.ts";
import { logFailure } from "./run-hook.ts";
import type { OwnedTurn } from "./turn-owner.ts";

/** An event with its JSON. */
export interface EncodedEvent {
  readonly event: TurnEvent;
  readonly json: string;
}

/** Encodes an event; one whose data JSON cannot say is replaced by an event that says so, and logged (T8). */
export function encodeEvent(
  turn: Pick<OwnedTurn, "log" | "identity" | "executionId">,
  event: TurnEvent,
  maxBytes?: number,
): EncodedEvent {
  try {
    const json = stringifyEvent(event, maxBytes);
    if ("toJSON" in event) checkJson(json, event.type);
    return { event, json };
  } catch (error) {
    const { type, id } = event;
    logFailure(turn, `Encoding ${type}`, error);
    const data = { encodingError: describeThrown(error).message };
    return encodeEvent(turn, defined({ type, data, id }));
  }
}

/** An event that writes itself may write anything: a number, or a terminal event that the turn never saw (T1). */
function checkJson(json: string, type: string): void {
  const written: unknown = JSON.parse(json);
  checkEvent(written);
  if (written.type !== type) throw new TypeError("toJSON changed the event's type");
}
