import { EventFeed } from "./event-feed.ts";

/** The feeds of the executions that somebody in this process reads. */
export class EventFeeds {
  readonly #feeds = new Map<string, EventFeed>();
  #closed: { readonly error: unknown } | undefined;

  get(executionId: string): EventFeed | undefined {
    return this.#feeds.get(executionId);
  }

  /**
   * Joins a feed, which lasts as long as it has readers. To be called before the store is asked how far the log goes
   * (`advance` tells the feed then): what is committed in between would be missed the other way round.
   */
  join(executionId: string): EventFeed {
    let feed = this.#feeds.get(executionId);
    if (feed === undefined) {
      feed = new EventFeed();
      if (this.#closed !== undefined) feed.close(this.#closed.error);
      this.#feeds.set(executionId, feed);
    }
    feed.readers++;
    return feed;
  }

  leave(executionId: string): void {
    const feed = this.#feeds.get(executionId);
    if (feed === undefined) return;
    feed.readers--;
    if (feed.readers === 0) this.#feeds.delete(executionId);
  }

  /** Nobody will publish any more, here or in feeds that are still to be joined. */
  close(error: unknown): void {
    this.#closed = { error };
    for (const feed of this.#feeds.values()) feed.close(error);
  }

  get readers(): number {
    let readers = 0;
    for (const feed of this.#feeds.values()) readers += feed.readers;
    return readers;
  }

  entries(): Iterable<[string, EventFeed]> {
    return this.#feeds;
  }
}
