import type { TurnOutcome } from "../event/outcome.ts";
import type { TurnEvent } from "../event/turn-event.ts";
import { createDeferred, type Deferred } from "../internal/deferred.ts";
import { type ChatTurn, type ChatTurnInput, resolveChatTurn } from "./chat-turn-input.ts";
import { playTurn } from "./play-turn.ts";

/**
 * The same turn as {@link handleChatTurn}, as events instead of bytes. It starts with the first `next()`; its return
 * value is the outcome. A loop that is left early is a client that left: the turn goes on, and leaving waits for its end.
 *
 * @example
 * ```ts
 * import { fromText, runTurn } from "turnwire";
 *
 * const turn = runTurn({
 *   identity: { tenantId: "acme", sessionId: "thread-1", userId: "ada", turnIndex: 0 },
 *   hooks: { produce: () => fromText("Hello"), persistAssistantMessage: () => {} },
 * });
 * for await (const event of turn) console.log(event.type);
 * ```
 */
export function runTurn(input: ChatTurnInput): AsyncGenerator<TurnEvent, TurnOutcome, void> {
  // Not in the generator, whose body would only refuse a misused argument when it is first read.
  return events(resolveChatTurn(input));
}

async function* events(turn: ChatTurn): AsyncGenerator<TurnEvent, TurnOutcome, void> {
  const waiting: { readonly event: TurnEvent; readonly size: number }[] = [];
  let size = 0;
  let isRead = true;
  let ended = false;
  /** Who waits for the next event: the reader. And for the reader to catch up: the turn. */
  let more: Deferred<void> | undefined;
  let room: Deferred<void> | undefined;
  const isFull = (): boolean => isRead && size > turn.maxBufferedBytes;

  const { finished, leave } = playTurn(turn, {
    deliver(event, json) {
      if (!isRead) return undefined;
      waiting.push({ event, size: json.length });
      size += json.length;
      more?.resolve();
      if (isFull()) room ??= createDeferred();
      return room?.promise;
    },
    get full() {
      return isFull();
    },
  });
  const closed = finished.finally(() => {
    ended = true;
    more?.resolve();
  });
  const makeRoom = (): void => {
    room?.resolve();
    room = undefined;
  };

  try {
    while (!ended || waiting.length > 0) {
      const next = waiting.shift();
      if (next === undefined) {
        more = createDeferred();
        await more.promise;
        continue;
      }
      size -= next.size;
      if (!isFull()) makeRoom();
      yield next.event;
    }
  } finally {
    isRead = false;
    makeRoom();
    if (!ended) leave();
    await closed;
  }
  return closed;
}
