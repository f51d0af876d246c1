import type { TurnEvent } from "../event/turn-event.ts";
import { encodeEvent } from "./encode-event.ts";
import { createEventHook, type EventHook } from "./event-hook.ts";
import type { OwnedTurn } from "./turn-owner.ts";

/** Takes an event with its JSON. A promise means: wait for it before sending more. */
export type Deliver = (event: TurnEvent, json: string) => Promise<void> | undefined;

/** Sends a turn's events, one after the other, to its reader and then to `onEvent`. */
export interface TurnEmitter extends Pick<EventHook, "quiet"> {
  readonly emit: (event: TurnEvent) => Promise<void> | undefined;
}

export function createTurnEmitter(turn: OwnedTurn, deliver: Deliver): TurnEmitter {
  const hook = createEventHook(turn);
  return {
    emit(event) {
      const encoded = encodeEvent(turn, event);
      const room = deliver(encoded.event, encoded.json);
      hook.tell(encoded.event);
      return room;
    },
    quiet: hook.quiet,
  };
}
