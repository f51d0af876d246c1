import { newRecord } from "../../src/run/new-record.ts";
import type { RunProgress, RunRecord } from "../../src/run/run-store.ts";
import type { TestApi } from "../support/test-api.ts";
import { hostileTexts, insertRuns, sampleRun } from "./sample-run.ts";
import type { UseStore } from "./store-contract.ts";

const everything: RunProgress = {
  state: "running",
  blocked: true,
  epoch: 3,
  workerId: "w",
  wakeAt: 1_700_000_000_001,
  leaseUntil: 1_700_000_000_002,
  attempt: 4,
  recoveries: 5,
  lastEventId: 6,
  trimmedThrough: 7,
  keep: 8,
  queueAnnounced: true,
  deadlineAt: 1_700_000_000_003,
  deadlineLeftMs: 9,
  finishedAt: 1_700_000_000_004,
};

export function runContract({ it, expect }: TestApi, use: UseStore): void {
  it("insertRun begins a run and counts seq up from 1", () =>
    use(async (store) => {
      const given = sampleRun(1, { deadlineAt: 5_000, blocked: true, priority: -2 });
      const inserted = await store.transact((tx) => tx.insertRun(given));
      expect(inserted).toStrictEqual(newRecord(1, given));
      const [second, third] = await store.transact((tx) => [tx.insertRun(sampleRun(2)), tx.insertRun(sampleRun(3))]);
      expect([second?.seq, third?.seq]).toEqual([2, 3]);
      expect(second?.deadlineAt).toBeUndefined();
    }));

  it("getRun gives what was inserted, and undefined for a run that is not there", () =>
    use(async (store) => {
      const [inserted] = await insertRuns(store, [{}]);
      expect(await store.transact((tx) => tx.getRun("p:s:1"))).toStrictEqual(inserted);
      expect(await store.transact((tx) => tx.getRun("p:s:2"))).toBeUndefined();
    }));

  it("insertRun refuses an executionId that exists, and nothing is kept", () =>
    use(async (store) => {
      await insertRuns(store, [{}]);
      const again = store.transact((tx) => {
        tx.insertRun(sampleRun(2));
        tx.insertRun(sampleRun(1, { userId: "other" }));
      });
      await expect(again).rejects.toThrow();
      const [first, second] = await store.transact((tx) => [tx.getRun("p:s:1"), tx.getRun("p:s:2")]);
      expect([first?.userId, second]).toEqual(["u", undefined]);
    }));

  it("updateRun writes every column, and only those given", () =>
    use(async (store) => {
      const [first, second] = await insertRuns(store, [{}, {}]);
      if (first === undefined) throw new Error("not inserted");
      await store.transact((tx) => tx.updateRun(first, everything));
      expect(await store.transact((tx) => tx.getRun("p:s:1"))).toStrictEqual({ ...first, ...everything });
      for (const [name, value] of Object.entries(everything)) {
        const changes = { [name]: value } as Partial<RunProgress>;
        const [, changed] = await store.transact((tx) => {
          const run = tx.insertRun(sampleRun(100, { executionId: `only:${name}` }));
          tx.updateRun(run, changes);
          return [undefined, { run, now: tx.getRun(run.executionId) }] as const;
        });
        expect(changed.now).toStrictEqual({ ...changed.run, ...changes });
      }
      expect(await store.transact((tx) => tx.getRun("p:s:2"))).toStrictEqual(second);
    }));

  it("updateRun empties a column with undefined, and changes nothing with no columns", () =>
    use(async (store) => {
      const [run] = await insertRuns(store, [{ deadlineAt: 9 }]);
      if (run === undefined) throw new Error("not inserted");
      const empty = {
        workerId: undefined,
        wakeAt: undefined,
        deadlineAt: undefined,
        deadlineLeftMs: undefined,
        finishedAt: undefined,
      };
      const [full, emptied, same] = await store.transact((tx) => {
        tx.updateRun(run, everything);
        const before = tx.getRun("p:s:1");
        tx.updateRun(run, empty);
        const after = tx.getRun("p:s:1");
        tx.updateRun(run, {});
        return [before, after, tx.getRun("p:s:1")];
      });
      expect(full).toStrictEqual({ ...run, ...everything });
      expect(emptied).toStrictEqual({ ...run, ...everything, ...empty });
      expect(same).toStrictEqual(emptied);
    }));

  it("a time that is so far away that it never comes leaves its run to be read", () =>
    use(async (store) => {
      for (const [n, never] of [2 ** 53, 1e17, 1e300].entries()) {
        const { executionId } = sampleRun(n);
        await store.transact((tx) => {
          const run = tx.insertRun(sampleRun(n, { deadlineAt: never }));
          tx.updateRun(run, { wakeAt: never, leaseUntil: never, finishedAt: never, deadlineLeftMs: never });
        });
        const [run, listed] = await store.transact((tx) => [tx.getRun(executionId), tx.listRuns({}, 1)] as const);
        expect(listed).toStrictEqual([run] as object);
        for (const name of ["deadlineAt", "wakeAt", "leaseUntil", "finishedAt", "deadlineLeftMs"] as const)
          expect(run?.[name]).toBeGreaterThan(Number.MAX_SAFE_INTEGER - 1);
      }
    }));

  it("updateRun refuses a run that is not there", () =>
    use(async (store) => {
      const stranger: RunRecord = newRecord(7, sampleRun(7));
      await expect(store.transact((tx) => tx.updateRun(stranger, { epoch: 1 }))).rejects.toThrow(/no run p:s:7/);
    }));

  it("what is read is a copy: changing it changes nothing", () =>
    use(async (store) => {
      await insertRuns(store, [{}]);
      const spoil = (run: RunRecord | undefined): void => {
        if (run !== undefined) Object.assign(run, { state: "failed", epoch: 99, sessionId: "elsewhere" });
      };
      await store.transact((tx) => {
        spoil(tx.getRun("p:s:1"));
        spoil(tx.nextClaimable(["default"]));
        for (const run of [...tx.liveRuns("t", "s"), ...tx.listRuns({}, 9), ...tx.waitingRuns(9)]) spoil(run);
      });
      expect(await store.transact((tx) => tx.getRun("p:s:1"))).toStrictEqual(newRecord(1, sampleRun(1)));
    }));

  it("keeps every id apart and as it was given, whatever is in it", () =>
    use(async (store) => {
      const given = hostileTexts.map((text, index) => ({
        executionId: text,
        tenantId: text,
        sessionId: text,
        userId: text,
        agent: text,
        turnIndex: index,
      }));
      const inserted = await insertRuns(store, given);
      for (const [index, text] of hostileTexts.entries()) {
        const found = await store.transact((tx) => {
          const run = tx.getRun(text);
          if (run !== undefined) tx.updateRun(run, { workerId: text });
          return {
            run,
            owned: tx.ownedRuns(text, "queued"),
            live: tx.liveRuns(text, text),
            listed: tx.listRuns({ tenantId: text, sessionId: text }, 9),
          };
        });
        const now = { ...inserted[index], workerId: text };
        expect(found).toStrictEqual({ run: inserted[index], owned: [now], live: [now], listed: [now] } as object);
        expect(inserted[index]).toMatchObject(given[index] ?? {});
      }
    }));

  it("keeps tenants and sessions apart whose ids run together to the same text", () =>
    use(async (store) => {
      await insertRuns(store, [
        { tenantId: "a", sessionId: "bc" },
        { tenantId: "ab", sessionId: "c" },
        { tenantId: "1 a", sessionId: "" },
        { tenantId: "1", sessionId: " a" },
      ]);
      const live = await store.transact((tx) => [
        tx.liveRuns("a", "bc"),
        tx.liveRuns("ab", "c"),
        tx.liveRuns("1 a", ""),
        tx.liveRuns("1", " a"),
        tx.liveRuns("abc", ""),
      ]);
      expect(live.map((runs) => runs.map(({ seq }) => seq))).toEqual([[1], [2], [3], [4], []]);
    }));
}
