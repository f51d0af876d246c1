import type { TurnOutcome } from "../event/outcome.ts";
import { createBytePipe } from "../wire/byte-pipe.ts";
import { NDJSON_TYPE } from "../wire/ndjson.ts";
import { type ChatTurnInput, resolveChatTurn } from "./chat-turn-input.ts";
import { playTurn } from "./play-turn.ts";

/** A turn on its way to a client. */
export interface ChatTurnResult {
  /** NDJSON: one event a line, the first `session.run.started`, the last a terminal event. Never errors. */
  readonly body: ReadableStream<Uint8Array>;
  readonly contentType: "application/x-ndjson";
  /** Resolves when the turn is over, its hooks included. Never rejects. */
  readonly finished: Promise<TurnOutcome>;
}

/**
 * Answers one chat message: calls `hooks.produce`, streams what it yields inside the `session.run.*` envelope, keeps the
 * answer once, and ends with exactly one terminal event, whatever hooks, producer and client do. A client that leaves
 * does not stop the turn.
 *
 * @example
 * ```ts
 * import { fromText, handleChatTurn } from "turnwire";
 *
 * const { body, contentType } = handleChatTurn({
 *   identity: { tenantId: "acme", sessionId: "thread-1", userId: "ada", turnIndex: 0 },
 *   hooks: {
 *     produce: () => fromText("Hello"),
 *     persistAssistantMessage: ({ finalText }) => console.log("to the database:", finalText),
 *   },
 * });
 * const response = new Response(body, { headers: { "content-type": contentType } });
 * ```
 */
export function handleChatTurn(input: ChatTurnInput): ChatTurnResult {
  const turn = resolveChatTurn(input);
  const pipe = createBytePipe({ maxBufferedBytes: turn.maxBufferedBytes, onLeave: () => played.leave() });
  const played = playTurn(turn, {
    deliver: (_event, json) => pipe.write(`${json}\n`),
    get full() {
      return pipe.full;
    },
  });
  const finished = played.finished.finally(() => pipe.close());
  return { body: pipe.readable, contentType: NDJSON_TYPE, finished };
}
