import type { Cursor } from "../event/cursor.ts";
import { STARTED, type TurnEvent } from "../event/turn-event.ts";
import { TurnError } from "../errors.ts";
import { decodeWith } from "../wire/decode-stream.ts";
import { createNdjsonDecoder } from "../wire/ndjson.ts";
import { ask, connectionLost, inTime, placeOf, type Question } from "./ask.ts";
import type { ResolvedClientOptions } from "./client-options.ts";
import { createRetries, type Pause } from "./retries.ts";
import { TruncatedStreamError } from "./truncated-stream-error.ts";
import type { TurnSnapshot } from "./turn-actions.ts";

/** What to follow: a turn to be started, or an execution that exists. */
export type Begin =
  | { readonly start: Readonly<Record<string, unknown>>; readonly executionId?: never; readonly after?: never }
  | { readonly executionId: string; readonly after?: Cursor | undefined; readonly start?: never };

export interface Follower {
  /** For whoever reads it to leave at the terminal event. Throws when the connection cannot be had again. */
  readonly events: AsyncGenerator<TurnEvent, void, undefined>;
  /** It is worth looking at once whether the connection still lives. */
  wake(): void;
  /** Lets go of the connection, now. */
  leave(): void;
}

/** A silence shorter than this is no reason to doubt a connection. */
const DOUBT_MS = 1000;

/**
 * Follows one turn over as many connections as it takes, one at a time.
 *
 * Invariants: each connection begins strictly after the last event that was yielded, so that every stored event is
 * yielded once and in order; a POST is sent again only while no answer to one has come.
 */
export function followTurn(
  options: ResolvedClientOptions,
  begin: Begin,
  on: {
    readonly opened: (executionId: string) => void;
    readonly connected: (connected: boolean) => void;
    /** There is nothing left to read: the turn had ended before the cursor. No events come after it. */
    readonly over: (end: TurnSnapshot) => void;
  },
): Follower {
  const { clock } = options;
  let { executionId, after: cursor } = begin;
  /** What is under way: a request, a connection or a pause. Aborting it goes on to the next. */
  let step = new AbortController();
  let phase: "asking" | "reading" | "resting" = "asking";
  let heardAt = 0;
  let left = false;

  function opened(id: unknown): void {
    if (executionId !== undefined || typeof id !== "string") return;
    executionId = id;
    on.opened(id);
  }

  function question(): Question {
    if (executionId === undefined) return { path: "/turns", body: { ...begin.start, after: cursor } };
    const query = cursor === undefined ? "" : `?after=${encodeURIComponent(cursor)}`;
    return { path: `${placeOf(executionId)}/events${query}` };
  }

  async function* connection(): AsyncGenerator<TurnEvent, void, undefined> {
    phase = "asking";
    const response = await inTime(options, step, ask(options, question(), step.signal));
    opened(response.headers.get("x-execution-id"));
    on.connected(true);
    heardAt = clock.now();
    phase = "reading";
    // The cursor stands after the turn's last event.
    if (response.status === 204 && executionId !== undefined) {
      const told = ask(options, { path: placeOf(executionId) }, step.signal).then((answer) => answer.json());
      on.over((await inTime(options, step, told)) as TurnSnapshot);
      return;
    }
    if (response.body === null || response.headers.get("content-type")?.startsWith("application/x-ndjson") !== true) {
      response.body?.cancel().catch(() => undefined);
      throw new TurnError("upstream-failed", "Expected events, and got something else");
    }
    yield* decodeWith(response.body, createNdjsonDecoder(), hear);
    throw new TruncatedStreamError("The stream ended without a terminal event");
  }

  /** Each read has its own time: a large event that comes slowly is no silence. */
  async function hear<T>(read: Promise<T>): Promise<T> {
    const heard = await inTime(options, step, read);
    heardAt = clock.now();
    return heard;
  }

  function rest({ ms, asked }: Pause): Promise<void> {
    step = new AbortController();
    phase = asked ? "asking" : "resting";
    return new Promise((resolve) => {
      const stopTimer = clock.after(ms, resolve);
      step.signal.addEventListener("abort", () => {
        stopTimer();
        resolve();
      });
    });
  }

  async function* follow(): AsyncGenerator<TurnEvent, void, undefined> {
    const retries = createRetries(options);
    let started = false;
    while (!left) {
      step = new AbortController();
      try {
        for await (const event of connection()) {
          retries.reset();
          if (event.type === STARTED) {
            opened(event.data?.["executionId"]);
            // Where the envelope is not stored, each connection begins with one.
            if (event.id === undefined && started) continue;
            started = true;
          }
          if (event.id !== undefined) cursor = event.id;
          yield event;
        }
        return;
      } catch (failure) {
        if (left) return;
        on.connected(false);
        await rest(retries.after(failure));
      }
    }
  }

  return {
    events: follow(),
    wake() {
      const silent = phase === "reading" && clock.now() - heardAt >= DOUBT_MS;
      if (silent || phase === "resting") step.abort(connectionLost("Nothing was heard since the page was away"));
    },
    leave() {
      left = true;
      step.abort(connectionLost("The turn was left"));
    },
  };
}
