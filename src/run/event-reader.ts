import { isTerminal, type TurnEvent } from "../event/turn-event.ts";
import type { EventFeed } from "./event-feed.ts";

/** What a reader needs of the engine. */
export interface ReaderSource {
  /** Joins the execution's feed; called once, when reading begins. */
  join(): EventFeed;
  /** Tells the feed how far the log goes. */
  refresh(feed: EventFeed): Promise<void>;
  /** Events strictly after the cursor from the store, at least one when there is one. */
  readPage(cursor: number): Promise<readonly TurnEvent[]>;
  /** Leaves the feed; called once for each `join`. */
  leave(): void;
}

/**
 * Follows one execution: the log after a cursor, then what happens live, until the terminal event (S2).
 *
 * It keeps no events of its own beyond the page it is at, and asks only when it is asked: a reader that stops reading
 * costs nothing, and one that never begins costs nothing at all. Leaving (`return()`, or the signal) ends a `next()`
 * that waits, at once.
 */
export function readEvents(
  source: ReaderSource,
  after: number,
  signal?: AbortSignal,
): AsyncIterableIterator<TurnEvent> {
  const reader = {};
  let feed: EventFeed | undefined;
  let left = false;

  function leave(): void {
    left = true;
    feed?.wake(reader);
  }

  /** The log and what happens live, as they come from the store or from the feed: many at a time. */
  async function* pages(): AsyncGenerator<readonly TurnEvent[], void, undefined> {
    if (left || signal?.aborted === true) return;
    signal?.addEventListener("abort", leave);
    feed = source.join();
    try {
      await source.refresh(feed);
      let cursor = after;
      while (!left) {
        const page = feed.recent(cursor) ?? (await source.readPage(cursor));
        const last = page.at(-1);
        if (last !== undefined) {
          cursor = Number(last.id);
          yield page;
          if (isTerminal(last)) return;
          continue;
        }
        if (feed.ended && cursor >= feed.last) return;
        const ephemeral = await feed.change(reader);
        if (ephemeral !== undefined) yield [ephemeral];
      }
    } finally {
      signal?.removeEventListener("abort", leave);
      source.leave();
    }
  }

  const more = pages();
  let page: readonly TurnEvent[] = [];
  let at = 0;
  let turning: Promise<unknown> | undefined;

  /** Events that are here already cost their reader no round through a generator. */
  function take(): Promise<IteratorResult<TurnEvent>> {
    // Calls that came while a page was on its way are answered in their order.
    if (turning !== undefined) return turning.then(take, take);
    const event = left ? undefined : page[at];
    if (event === undefined) return turn();
    at++;
    return Promise.resolve({ value: event, done: false });
  }

  async function turn(): Promise<IteratorResult<TurnEvent>> {
    const turned = more.next();
    turning = turned;
    try {
      const { value, done } = await turned;
      const [first] = value ?? [];
      page = value ?? [];
      at = 1;
      if (done !== true && first !== undefined && !left) return { value: first, done: false };
    } finally {
      turning = undefined;
    }
    if (left) await more.return();
    return { value: undefined, done: true };
  }

  return {
    next: take,
    async return() {
      leave();
      page = [];
      await more.return();
      return { value: undefined, done: true };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
