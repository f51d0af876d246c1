import type { TurnOutcome } from "../event/outcome.ts";
import { HEARTBEAT, type TurnEvent } from "../event/turn-event.ts";
import { abortWith } from "../internal/abort-with.ts";
import { onAbort } from "../internal/on-abort.ts";
import type { ChatTurn } from "./chat-turn-input.ts";
import { encodeEvent } from "./encode-event.ts";
import { startedEvent } from "./envelope.ts";
import { createEventHook } from "./event-hook.ts";
import { startKeepAlive } from "./keep-alive.ts";
import { produceTurn } from "./produce-turn.ts";
import { attempt, runHookSafely } from "./run-hook.ts";
import { concludeTurn } from "./settlement.ts";
import { settleTurn } from "./settle-turn.ts";
import { subjectOf } from "./turn-owner.ts";

/** Where a turn's events go, and what its reader is up to. */
export interface TurnReader {
  /** Takes an event with its JSON. A promise means: wait for it before sending more. */
  readonly deliver: (event: TurnEvent, json: string) => Promise<void> | undefined;
  /** Whether it has fallen behind, so that a heartbeat would only add to the heap. */
  readonly full: boolean;
}

/** A turn that is being played. */
export interface PlayedTurn {
  /** Never rejects. */
  readonly finished: Promise<TurnOutcome>;
  /** The reader is gone: a stop, or nothing, as `onDisconnect` says (T5). */
  readonly leave: () => void;
}

/**
 * One whole turn, pushed to a reader: what `runTurn` and `handleChatTurn` have in common. It starts by itself, in the
 * next microtask, so that no hook runs before the caller has its result in hand.
 */
export function playTurn(turn: ChatTurn, reader: TurnReader): PlayedTurn {
  const { signal } = turn;
  const stop = new AbortController();
  const unlisten = onAbort(signal, () => abortWith(stop, signal?.reason));
  const finished = play(turn, reader, stop.signal).finally(unlisten);
  // The platform gets the whole turn (T5). Unbound, a platform's own function refuses to be called.
  void attempt(turn, "waitUntil", () => turn.waitUntil?.(finished));
  return {
    finished,
    leave() {
      if (turn.onDisconnect === "cancel") stop.abort("The client left");
    },
  };
}

async function play(turn: ChatTurn, reader: TurnReader, stop: AbortSignal): Promise<TurnOutcome> {
  await Promise.resolve();
  const { hooks, lastEventId } = turn;
  const { tell, quiet } = createEventHook(turn);
  const keepAlive = startKeepAlive(turn.clock, turn.keepAliveMs, () => {
    if (!reader.full) void emit({ type: HEARTBEAT, data: {} });
  });

  function emit(given: TurnEvent): Promise<void> | undefined {
    const { event, json } = encodeEvent(turn, given);
    keepAlive.noted();
    const room = reader.deliver(event, json);
    tell(event);
    return room;
  }

  void emit(startedEvent(turn));
  const produced = await produceTurn(turn, { produce: (context) => hooks.produce(context), emit, stop, lastEventId });
  const outcome = await settleTurn(turn, { settlement: await concludeTurn(turn, produced) }, (step) => {
    if (step.step !== "closed") return;
    keepAlive.stop();
    for (const event of step.events) void emit(event);
  });
  await quiet();
  await runHookSafely(turn, "traceFlush", () => hooks.traceFlush?.(subjectOf(turn)));
  return outcome;
}
