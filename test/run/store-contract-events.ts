import type { RunRecord } from "../../src/run/run-store.ts";
import type { TestApi } from "../support/test-api.ts";
import { eventTexts, hostileTexts, insertRuns, readAll } from "./sample-run.ts";
import type { UseStore } from "./store-contract.ts";

const withIds = (from: number, count: number): object[] =>
  Array.from({ length: count }, (_, index) => ({ type: "text", data: { n: from + index }, id: String(from + index) }));

export function eventContract({ it, expect }: TestApi, use: UseStore): void {
  const withRun =
    (body: (store: Parameters<Parameters<UseStore>[0]>[0], run: RunRecord) => Promise<void>): (() => Promise<void>) =>
    () =>
      use(async (store) => {
        const [run] = await insertRuns(store, [{}, {}]);
        if (run !== undefined) await body(store, run);
      });

  it(
    "readEvents gives what was appended, strictly after the cursor, with ids",
    withRun(async (store, run) => {
      await store.transact((tx) => tx.appendEvents(run, 1, eventTexts(1, 3)));
      await store.transact((tx) => {
        tx.appendEvents(run, 4, eventTexts(4, 1));
        tx.appendEvents(run, 5, []);
        tx.appendEvents(run, 5, eventTexts(5, 3));
      });
      for (let after = 0; after <= 8; after++) {
        const found = await store.transact((tx) => readAll(tx, run, after));
        expect(found).toStrictEqual(withIds(after + 1, Math.max(7 - after, 0)));
      }
    }),
  );

  it(
    "readEvents sees what its own transaction appended",
    withRun(async (store, run) => {
      const found = await store.transact((tx) => {
        tx.appendEvents(run, 1, eventTexts(1, 2));
        const first = readAll(tx, run);
        tx.appendEvents(run, 3, eventTexts(3, 1));
        return [first, readAll(tx, run)];
      });
      expect(found).toStrictEqual([withIds(1, 2), withIds(1, 3)]);
    }),
  );

  it(
    "pages hold at least one event and about the limit, and lead to the end without hole or repeat",
    withRun(async (store, run) => {
      let next = 1;
      for (const count of [1, 1, 1, 10, 100, 512, 513, 1, 1_300, 1, 2_000, 3]) {
        await store.transact((tx) => tx.appendEvents(run, next, eventTexts(next, count)));
        next += count;
      }
      for (const limit of [1, 2, 7, 100, 500, 5_000]) {
        const { sizes, all } = await store.transact((tx) => {
          const pages = [];
          for (let page = tx.readEvents(run, 0, limit); page.length > 0;) {
            pages.push(page);
            page = tx.readEvents(run, Number(page.at(-1)?.id), limit);
          }
          return { sizes: pages.map((page) => page.length), all: pages.flat() };
        });
        expect(all).toStrictEqual(withIds(1, next - 1));
        // A store may keep events in pieces and give the first one whole.
        expect(Math.max(...sizes)).toBeLessThanOrEqual(Math.max(limit, 512));
      }
      for (const after of [0, 1, 50, 113, 200, 240, 241, 242, 243, 1_000, next - 2, next - 1]) {
        const page = await store.transact((tx) => tx.readEvents(run, after, 1));
        expect(page[0]?.id).toBe(after === next - 1 ? undefined : String(after + 1));
      }
    }),
  );

  it(
    "pages of large events take a megabyte, or one event, and lead to the end",
    withRun(async (store, run) => {
      const sizes = [300_000, 300_000, 300_000, 300_000, 10, 10, 1_500_000, 10, 1_500_000, 1_500_000, 600_000, 600_000];
      const large = sizes.map((size) => JSON.stringify({ type: "text", data: { text: "x".repeat(size) } }));
      await store.transact((tx) => tx.appendEvents(run, 1, large.slice(0, 5)));
      for (const [index, json] of large.slice(5).entries())
        await store.transact((tx) => tx.appendEvents(run, 6 + index, [json]));
      const lengths: number[] = [];
      for (let after = 0; after < large.length;) {
        const page = await store.transact((tx) => tx.readEvents(run, after, 500));
        expect(page[0]?.id).toBe(String(after + 1));
        expect(page.length === 1 || JSON.stringify(page).length < 1024 * 1024 + 1000).toBe(true);
        after += page.length;
        lengths.push(page.length);
      }
      expect(lengths).toEqual([3, 3, 1, 1, 1, 1, 1, 1]);
    }),
  );

  it(
    "keeps the events of each run apart",
    withRun(async (store, run) => {
      await store.transact((tx) => {
        const second = tx.getRun("p:s:2");
        tx.appendEvents(run, 1, eventTexts(1, 4));
        if (second !== undefined) tx.appendEvents(second, 1, eventTexts(1, 200));
      });
      expect(await store.transact((tx) => readAll(tx, run))).toHaveLength(4);
      await store.transact((tx) => tx.trimEvents(run));
      const [first, second] = await store.transact((tx) =>
        ["p:s:1", "p:s:2"].map((id) => {
          const one = tx.getRun(id);
          return one === undefined ? [] : readAll(tx, one);
        }),
      );
      expect([first?.length, second?.length]).toEqual([0, 200]);
    }),
  );

  it(
    "trimEvents deletes a run's events and nothing else",
    withRun(async (store, run) => {
      const after = await store.transact((tx) => {
        tx.appendEvents(run, 1, eventTexts(1, 300));
        tx.updateRun(run, { lastEventId: 300 });
        const before = tx.getRun("p:s:1");
        tx.trimEvents(run);
        return { before, now: tx.getRun("p:s:1"), events: tx.readEvents(run, 0, 9) };
      });
      expect(after.events).toEqual([]);
      expect(after.now).toStrictEqual(after.before);
      expect(after.now?.lastEventId).toBe(300);
      // A second time there is nothing left to delete.
      await store.transact((tx) => tx.trimEvents(run));
      expect((await store.transact((tx) => tx.getRun("p:s:1")))?.lastEventId).toBe(300);
    }),
  );

  it(
    "updateRun sets lastEventId before and after an append, with and without one",
    withRun(async (store, run) => {
      const seen = await store.transact((tx) => {
        const ids: (number | undefined)[] = [];
        const set = (lastEventId: number): void => {
          tx.updateRun(run, { lastEventId });
          ids.push(tx.getRun("p:s:1")?.lastEventId);
        };
        tx.updateRun(run, { lastEventId: 2 });
        tx.appendEvents(run, 1, eventTexts(1, 2));
        ids.push(tx.getRun("p:s:1")?.lastEventId);
        tx.appendEvents(run, 3, eventTexts(3, 2));
        set(4);
        set(10);
        return ids;
      });
      expect(seen).toEqual([2, 4, 10]);
      expect((await store.transact((tx) => tx.getRun("p:s:1")))?.lastEventId).toBe(10);
    }),
  );

  it(
    "keeps hostile and large events to the letter",
    withRun(async (store, run) => {
      const events = [
        ...hostileTexts.map((text) => ({ type: "text", data: { text, [text]: [text] } })),
        { type: "numbers", data: { list: [0, -0.5, 1e300, 2 ** 53, 1e-7] } },
        { type: "nothing" },
        { type: "large", data: { text: "é".repeat(400_000) } },
        { type: "after" },
      ];
      const json = events.map((event) => JSON.stringify(event));
      await store.transact((tx) => tx.appendEvents(run, 1, json));
      const found = await store.transact((tx) => readAll(tx, run, 0, 7));
      expect(found.map((event) => JSON.stringify(event))).toEqual(
        json.map((text, index) => JSON.stringify({ ...(JSON.parse(text) as object), id: String(index + 1) })),
      );
    }),
  );

  it(
    "what was given and what is read are copies",
    withRun(async (store, run) => {
      const given = eventTexts(1, 2);
      await store.transact((tx) => tx.appendEvents(run, 1, given));
      given[0] = "{}";
      given.length = 1;
      const [first] = await store.transact((tx) => tx.readEvents(run, 0, 9));
      Object.assign(first?.data ?? {}, { n: 99 });
      expect(await store.transact((tx) => readAll(tx, run))).toStrictEqual(withIds(1, 2));
    }),
  );

  it(
    "takes 20,000 events in one append",
    withRun(async (store, run) => {
      await store.transact((tx) => tx.appendEvents(run, 1, eventTexts(1, 20_000)));
      const found = await store.transact((tx) => readAll(tx, run, 0, 1_000));
      expect(found).toHaveLength(20_000);
      expect(found[19_999]).toStrictEqual({ type: "text", data: { n: 20_000 }, id: "20000" });
    }),
  );
}
