import { checkEvent, type TurnEvent } from "../event/turn-event.ts";
import { createDeferred, type Deferred } from "../internal/deferred.ts";
import { describeValue } from "../internal/describe-value.ts";
import { stringifyEvent } from "../wire/event-json.ts";
import { describeThrown } from "./describe-error.ts";
import { subject } from "./run-hook.ts";
import type { OwnedTurn } from "./turn-owner.ts";

/** Takes an event with its JSON. A promise means: wait for it before sending more. */
export type Deliver = (event: TurnEvent, json: string) => Promise<void> | undefined;

/** Sends a turn's events, one after the other, to its reader and then to `onEvent`. */
export interface TurnEmitter {
  readonly emit: (event: TurnEvent) => Promise<void> | undefined;
  /** Resolves once every promise that `onEvent` returned has settled, or `hookTimeoutMs` is over. Never rejects. */
  readonly quiet: () => Promise<void>;
}

export function createTurnEmitter(turn: OwnedTurn, deliver: Deliver): TurnEmitter {
  const { hooks, clock, log } = turn;
  const tell = typeof hooks.onEvent === "function" ? (event: TurnEvent) => hooks.onEvent?.(event) : undefined;
  // Only a count: promises that never settle must not pile up here over a long turn.
  let pending = 0;
  let idle: Deferred<void> | undefined;

  function onEventFailed(error: unknown): void {
    log("onEvent failed", { ...subject(turn), error });
  }

  function onEventDone(): void {
    pending--;
    if (pending === 0) idle?.resolve();
  }

  function tellHook(event: TurnEvent): void {
    try {
      const result: unknown = tell?.(event);
      if (!isThenable(result)) return;
      pending++;
      // A foreign thenable may throw, or call back twice; a promise around it does neither.
      Promise.resolve(result).then(onEventDone, (error: unknown) => {
        onEventFailed(error);
        onEventDone();
      });
    } catch (error) {
      onEventFailed(error);
    }
  }

  return {
    emit(event) {
      let sent = event;
      let json: string;
      try {
        json = stringifyEvent(event);
        if (typeof (event as { readonly toJSON?: unknown }).toJSON === "function") checkJson(json, event.type);
      } catch (error) {
        sent = withoutData(event, error);
        json = stringifyEvent(sent);
        log("An event cannot be encoded", { ...subject(turn), type: event.type, error });
      }
      const room = deliver(sent, json);
      if (tell !== undefined) tellHook(sent);
      return room;
    },
    async quiet() {
      if (pending === 0) return;
      idle = createDeferred();
      const stopTimer = clock.after(turn.hookTimeoutMs, () => {
        log("onEvent did not finish in time", { ...subject(turn), pending });
        idle?.resolve();
      });
      await idle.promise;
      stopTimer();
    },
  };
}

/** An event that writes itself may write anything: a number, or a terminal event that the turn never saw (T1). */
function checkJson(json: string, type: string): void {
  const written: unknown = JSON.parse(json);
  checkEvent(written);
  if (written.type !== type)
    throw new TypeError(`The event's toJSON gave another type, ${describeValue(written.type)}`);
}

/** What is sent in place of an event whose data cannot be encoded (T8). */
function withoutData(event: TurnEvent, error: unknown): TurnEvent {
  const { type, id } = event;
  return { type, data: { encodingError: describeThrown(error).message }, ...(id === undefined ? {} : { id }) };
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}
