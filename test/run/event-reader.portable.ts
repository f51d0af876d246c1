import type { TurnEvent } from "../../src/event/turn-event.ts";
import { createDeferred } from "../../src/internal/deferred.ts";
import { EventFeed } from "../../src/run/event-feed.ts";
import { readEvents, type ReaderSource } from "../../src/run/event-reader.ts";
import type { PortableSuite } from "../support/test-api.ts";

const eventAt = (id: number, type = "text"): TurnEvent => ({ type, id: String(id) });
const between = (from: number, to: number): TurnEvent[] =>
  Array.from({ length: to - from + 1 }, (_, index) => eventAt(from + index));

/** A log that the test writes, with a feed that hears of it only when told. */
function createSource(): { feed: EventFeed; log: TurnEvent[]; asked: number[]; left: number; source: ReaderSource } {
  const log: TurnEvent[] = [];
  const asked: number[] = [];
  const feed = new EventFeed();
  const state = {
    feed,
    log,
    asked,
    left: 0,
    source: {
      join: () => {
        feed.readers++;
        return feed;
      },
      refresh: async () => feed.advance(log.length, false),
      readPage: async (cursor: number) => {
        asked.push(cursor);
        return log.slice(cursor, cursor + 3);
      },
      leave: () => {
        feed.readers--;
        state.left++;
      },
    },
  };
  return state;
}

const tick = async (): Promise<void> => {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
};

const suite: PortableSuite = ({ describe, it, expect }) => {
  describe("readEvents", () => {
    it("S2: calls of next() that overtake each other are answered in their order", async () => {
      const { log, feed, source } = createSource();
      log.push(...between(1, 7));
      const events = readEvents(source, 0);
      const calls = Array.from({ length: 9 }, () => events.next());
      await tick();
      log.push(eventAt(8), eventAt(9, "session.run.completed"));
      feed.publish({ events: log.slice(7), size: 10 });
      const ids = (await Promise.all(calls)).map(({ value }) => (value as TurnEvent).id);
      expect(ids).toEqual(["1", "2", "3", "4", "5", "6", "7", "8", "9"]);
      expect(await events.next()).toEqual({ value: undefined, done: true });
    });

    it("S6: leaving by the signal, while a page is on its way or at hand, ends it and leaves the feed once", async () => {
      for (const before of [0, 1]) {
        const state = createSource();
        state.log.push(...between(1, 5));
        const page = createDeferred<void>();
        const leaving = new AbortController();
        const readPage = async (cursor: number): Promise<readonly TurnEvent[]> => {
          if (before === 0) await page.promise;
          return state.source.readPage(cursor);
        };
        const events = readEvents({ ...state.source, readPage }, 0, leaving.signal);
        for (let read = 0; read < before; read++) await events.next();
        const next = before === 0 ? events.next() : undefined;
        await tick();
        leaving.abort();
        page.resolve();
        expect((await (next ?? events.next())).done).toBe(true);
        await tick();
        expect(state.left).toBe(1);
        expect((await events.next()).done).toBe(true);
      }
    });

    it("an error of the store's reaches the reader, and the feed is left", async () => {
      const state = createSource();
      state.log.push(eventAt(1));
      const events = readEvents({ ...state.source, readPage: () => Promise.reject(new Error("gone")) }, 0);
      await expect(events.next()).rejects.toThrow("gone");
      expect(state.left).toBe(1);
      expect((await events.next()).done).toBe(true);
    });
  });

  describe("EventFeed", () => {
    it("S2: a hole in what this process published sends readers to the store", () => {
      const feed = new EventFeed();
      feed.readers = 1;
      feed.publish({ events: between(1, 3), size: 10 });
      expect(feed.recent(1)?.map(({ id }) => id)).toEqual(["2", "3"]);
      feed.publish({ events: between(6, 7), size: 10 });
      for (const cursor of [0, 3, 5]) expect(feed.recent(cursor)).toBeUndefined();
      expect(feed.recent(7)).toEqual([]);
      feed.publish({ events: between(8, 8), size: 10 });
      feed.advance(10, false);
      expect(feed.recent(7)).toBeUndefined();
    });

    it("S6: keeps a bounded tail for those who are behind, and nothing once all have what there is", () => {
      const feed = new EventFeed();
      feed.readers = 2;
      const one = {};
      feed.publish({ events: between(1, 600), size: 10 });
      void feed.change(one);
      expect(feed.recent(0)).toHaveLength(600);
      void feed.change({});
      expect(feed.recent(0)).toBeUndefined();
      feed.publish({ events: between(601, 1200), size: 10 });
      feed.publish({ events: between(1201, 1800), size: 10 });
      expect(feed.recent(600)).toBeUndefined();
      expect(feed.recent(1200)).toHaveLength(600);
      feed.publish({ events: between(1801, 1801), size: 1024 * 1024 });
      expect(feed.recent(1800)).toBeUndefined();
    });
  });
};

export default suite;
