import type { TurnOutcome } from "../event/outcome.ts";
import type { TurnEvent } from "../event/turn-event.ts";
import { abortWith } from "../internal/abort-with.ts";
import type { ChatTurn } from "./chat-turn-input.ts";
import { heartbeatEvent, startedEvent } from "./envelope.ts";
import { type KeepAlive, startKeepAlive } from "./keep-alive.ts";
import { produceTurn } from "./produce-turn.ts";
import { runHookSafely, subject } from "./run-hook.ts";
import { subjectOf } from "./turn-owner.ts";
import { settleTurn } from "./settle-turn.ts";
import { createTurnEmitter, type Deliver } from "./turn-emitter.ts";

/** Where a turn's events go, and what its reader is up to. */
export interface TurnReader {
  readonly deliver: Deliver;
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
  const stop = new AbortController();
  const forwardStop = (): void => abortWith(stop, turn.signal?.reason);
  if (turn.signal?.aborted === true) forwardStop();
  else turn.signal?.addEventListener("abort", forwardStop);

  const finished = play(turn, reader, stop.signal).finally(() =>
    turn.signal?.removeEventListener("abort", forwardStop),
  );
  handOver(turn, finished);
  return {
    finished,
    leave() {
      if (turn.onDisconnect === "cancel") stop.abort("The client left");
    },
  };
}

async function play(turn: ChatTurn, reader: TurnReader, stop: AbortSignal): Promise<TurnOutcome> {
  await Promise.resolve();
  const { emit, quiet, hush } = createEmitter(turn, reader);
  const { hooks, lastEventId } = turn;

  void emit(startedEvent(turn));
  const produced = await produceTurn(turn, {
    produce: (context) => hooks.produce(context),
    emit,
    stop,
    ...(lastEventId === undefined ? {} : { lastEventId }),
  });
  const outcome = await settleTurn(turn, { produced }, (step) => {
    if (step.step !== "closed") return;
    hush();
    for (const event of step.events) void emit(event);
  });
  await quiet();
  await runHookSafely(turn, "traceFlush", () => hooks.traceFlush?.(subjectOf(turn)));
  return outcome;
}

interface PlayEmitter {
  readonly emit: (event: TurnEvent) => Promise<void> | undefined;
  readonly quiet: () => Promise<void>;
  /** No more heartbeats: the terminal event comes. */
  readonly hush: () => void;
}

function createEmitter(turn: ChatTurn, reader: TurnReader): PlayEmitter {
  if (turn.keepAliveMs === Infinity) return { ...createTurnEmitter(turn, reader.deliver), hush: () => undefined };
  const emitter = createTurnEmitter(turn, (event, json) => {
    keepAlive.noted();
    return reader.deliver(event, json);
  });
  const keepAlive: KeepAlive = startKeepAlive(turn.clock, turn.keepAliveMs, () => {
    if (!reader.full) void emitter.emit(heartbeatEvent());
  });
  return { ...emitter, hush: () => keepAlive.stop() };
}

/** Gives the platform the whole turn (T5). Unbound, a platform's own function refuses to be called. */
function handOver(turn: ChatTurn, finished: Promise<TurnOutcome>): void {
  const refused = (error: unknown): void =>
    turn.log("waitUntil failed; pass (promise) => context.waitUntil(promise)", { ...subject(turn), error });
  try {
    const result: unknown = turn.waitUntil?.(finished);
    if (result instanceof Promise) result.catch(refused);
  } catch (error) {
    refused(error);
  }
}
