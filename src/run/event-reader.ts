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

  async function* follow(): AsyncGenerator<TurnEvent, void, undefined> {
    if (left || signal?.aborted === true) return;
    signal?.addEventListener("abort", leave);
    feed = source.join();
    try {
      await source.refresh(feed);
      yield* events(feed);
    } finally {
      signal?.removeEventListener("abort", leave);
      source.leave();
    }
  }

  async function* events(from: EventFeed): AsyncGenerator<TurnEvent, void, undefined> {
    let cursor = after;
    while (!left) {
      const page = from.recent(cursor) ?? (await source.readPage(cursor));
      for (const event of page) {
        if (left) return;
        cursor = Number(event.id);
        yield event;
        if (isTerminal(event)) return;
      }
      if (page.length > 0) continue;
      if (from.ended && cursor >= from.last) return;
      const ephemeral = await from.change(reader);
      if (ephemeral !== undefined && !left) yield ephemeral;
    }
  }

  const iterator = follow();
  return {
    next: () => iterator.next(),
    return() {
      leave();
      return iterator.return();
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
