import type { TurnOutcome } from "../event/outcome.ts";
import type { TurnEvent } from "../event/turn-event.ts";
import { createHandoff } from "../internal/handoff.ts";
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
  const handoff = createHandoff<TurnEvent>(turn.maxBufferedBytes);
  const { finished, leave } = playTurn(turn, {
    deliver: (event, json) => handoff.put(event, json.length),
    get full() {
      return handoff.full;
    },
  });
  const closed = finished.finally(() => handoff.close());
  try {
    for (let next = await handoff.take(); next !== undefined; next = await handoff.take()) yield next;
  } finally {
    if (handoff.leave()) leave();
    await closed;
  }
  return closed;
}
