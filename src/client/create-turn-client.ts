import type { Cursor } from "../event/cursor.ts";
import { resolveClientOptions, type TurnClientOptions } from "./client-options.ts";
import { createTurnActions, type TurnActions } from "./turn-actions.ts";
import { createTurnStream, type TurnStream } from "./turn-stream.ts";

/** A turn to start, or to come back to: the same one twice is one. */
export interface StartTurn {
  readonly sessionId: string;
  /** Counts the session's turns, from 0. */
  readonly turnIndex: number;
  readonly message: unknown;
  /** Another number runs the turn again, deliberately. */
  readonly attempt?: number;
  /** Which of the server's agents answers. */
  readonly agent?: string;
  readonly data?: unknown;
  /** Leaves the stream, like `detach`; the turn goes on. */
  readonly signal?: AbortSignal;
}

/** Speaks to the routes of `turnwire/hono`. */
export interface TurnClient extends TurnActions {
  start(turn: StartTurn): TurnStream;
  /** Reads a turn that exists, from its start or strictly after an event. */
  attach(executionId: string, options?: { readonly after?: Cursor; readonly signal?: AbortSignal }): TurnStream;
}

/**
 * A client that keeps a turn's stream alive: whatever the connection does, each stored event is yielded once, in order.
 * Works in browsers and everywhere else where there is `fetch`.
 *
 * @example
 * ```ts
 * import { createTurnClient } from "turnwire/client";
 *
 * // In a page just: createTurnClient({ baseUrl: "/chat" })
 * const client = createTurnClient({
 *   baseUrl: "https://example.com/chat",
 *   fetch: async () =>
 *     new Response('{"type":"session.run.completed","data":{}}\n', { headers: { "content-type": "application/x-ndjson" } }),
 * });
 * const turn = client.start({ sessionId: "thread-1", turnIndex: 0, message: "Hello" });
 * for await (const event of turn) console.log(event.type, turn.text);
 * console.log((await turn.finished).status); // "completed"
 * ```
 */
export function createTurnClient(options: TurnClientOptions): TurnClient {
  const resolved = resolveClientOptions(options);
  const actions = createTurnActions(resolved);
  return {
    ...actions,
    start: ({ signal, ...turn }) => createTurnStream(resolved, actions, { start: turn }, signal),
    attach: (executionId, { after, signal } = {}) =>
      createTurnStream(resolved, actions, { executionId, after }, signal),
  };
}
