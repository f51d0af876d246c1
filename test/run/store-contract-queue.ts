import type { NewRun, RunProgress, RunRecord, RunStore, RunTransaction } from "../../src/run/run-store.ts";
import { isEnded, type ExecutionState } from "../../src/substrate/execution.ts";
import type { TestApi } from "../support/test-api.ts";
import { eventTexts, insertRuns } from "./sample-run.ts";
import type { UseStore } from "./store-contract.ts";

const states: readonly ExecutionState[] = [
  "queued",
  "claimed",
  "running",
  "waiting_for_approval",
  "resuming",
  "cancelling",
  "settling",
  "completed",
  "failed",
  "cancelled",
];

/** The agent of sample runs. */
const KNOWN = ["default"];

/** Inserts runs and gives each its progress. */
async function setUp(
  store: RunStore,
  given: readonly (readonly [Partial<NewRun>, Partial<RunProgress>])[],
): Promise<void> {
  const runs = await insertRuns(
    store,
    given.map(([run]) => run),
  );
  await store.transact((tx) => {
    for (const [index, run] of runs.entries()) tx.updateRun(run, given[index]?.[1] ?? {});
  });
}

const seqs = (runs: readonly (RunRecord | undefined)[]): (number | undefined)[] => runs.map((run) => run?.seq);

/** Claims one run after the other until none is left. */
function claimAll(tx: RunTransaction): number[] {
  const claimed: number[] = [];
  for (let run = tx.nextClaimable(KNOWN); run !== undefined; run = tx.nextClaimable(KNOWN)) {
    claimed.push(run.seq);
    tx.updateRun(run, { workerId: "w", state: "claimed" });
  }
  return claimed;
}

export function queueContract({ it, expect }: TestApi, use: UseStore): void {
  it("nextClaimable goes by priority, then by seq", () =>
    use(async (store) => {
      await insertRuns(store, [
        { priority: 0 },
        { priority: 5 },
        { priority: -1 },
        { priority: 5 },
        { priority: 0 },
        { priority: 1.5 },
      ]);
      const [waiting, claimed] = await store.transact((tx) => [seqs(tx.waitingRuns(99)), claimAll(tx)]);
      expect(claimed).toEqual([2, 4, 6, 1, 5, 3]);
      expect(waiting).toEqual(claimed);
      expect(await store.transact((tx) => tx.waitingRuns(99))).toEqual([]);
    }));

  it("nextClaimable passes over the blocked, the owned and every state but queued and resuming", () =>
    use(async (store) => {
      await setUp(store, [
        [{ blocked: true, priority: 9 }, {}],
        [{ priority: 8 }, { workerId: "w" }],
        ...states.map((state): [Partial<NewRun>, Partial<RunProgress>] => [{}, { state }]),
      ]);
      const resuming = states.indexOf("resuming") + 3;
      expect(await store.transact((tx) => seqs(tx.waitingRuns(99)))).toEqual([1, 3, resuming]);
      expect(await store.transact(claimAll)).toEqual([3, resuming]);
    }));

  it("nextClaimable passes over the runs of other agents, and waitingRuns does not", () =>
    use(async (store) => {
      const names = ["newer", "default", "a\0b", 'it"s', "\ud800", "default"];
      await insertRuns(
        store,
        names.map((agent, at) => ({ agent, priority: names.length - at })),
      );
      const claimable = (agents: readonly string[]): Promise<number | undefined> =>
        store.transact((tx) => tx.nextClaimable(agents)?.seq);
      expect(await claimable(["default"])).toBe(2);
      expect(await claimable(["none", "newer", "default"])).toBe(1);
      for (const [at, name] of names.slice(0, 5).entries()) expect(await claimable([name])).toBe(at + 1);
      expect(await claimable(["none", "a", ""])).toBeUndefined();
      expect(await claimable([])).toBeUndefined();
      expect(await store.transact((tx) => seqs(tx.waitingRuns(99)))).toEqual([1, 2, 3, 4, 5, 6]);
    }));

  it("dueRuns and nextWakeAt pass over the running runs of other agents, and over no others", () =>
    use(async (store) => {
      await setUp(store, [
        [{ agent: "newer" }, { state: "running", wakeAt: 5 }],
        ...states.map((state, at): [Partial<NewRun>, Partial<RunProgress>] => [
          { agent: "newer" },
          { state, wakeAt: 10 + at },
        ]),
        [{}, { state: "running", wakeAt: 30 }],
      ]);
      const due = (agents: readonly string[], limit = 99): Promise<(number | undefined)[]> =>
        store.transact((tx) => seqs(tx.dueRuns(99, limit, agents)));
      const running = states.indexOf("running") + 2;
      const others = states.map((_, at) => at + 2).filter((seq) => seq !== running);
      expect(await due(["default"])).toEqual([...others, 12]);
      expect(await due([])).toEqual(others);
      expect(await due([], 2)).toEqual(others.slice(0, 2));
      expect(await due(["newer"])).toEqual([1, ...states.map((_, at) => at + 2)]);
      const wakeAt = (agents: readonly string[]): Promise<number | undefined> =>
        store.transact((tx) => tx.nextWakeAt(agents));
      expect([await wakeAt(["newer"]), await wakeAt(["default"])]).toEqual([5, 10]);
      await store.transact((tx) => {
        for (const run of tx.listRuns({}, 99)) if (run.seq > 1) tx.updateRun(run, { wakeAt: undefined });
      });
      expect([await wakeAt(["newer"]), await wakeAt(["default"])]).toEqual([5, undefined]);
    }));

  it("a run that is unblocked or given back takes its old place", () =>
    use(async (store) => {
      await insertRuns(store, [{ blocked: true }, {}, {}]);
      const order = await store.transact((tx) => {
        const second = tx.nextClaimable(KNOWN);
        if (second !== undefined) tx.updateRun(second, { workerId: "w" });
        const before = seqs(tx.waitingRuns(9));
        const first = tx.getRun("p:s:1");
        if (first !== undefined) tx.updateRun(first, { blocked: false });
        if (second !== undefined) tx.updateRun(second, { workerId: undefined, state: "resuming" });
        return [before, claimAll(tx)];
      });
      expect(order).toEqual([
        [1, 3],
        [1, 2, 3],
      ]);
    }));

  it("waitingRuns mixes blocked and free in the order of the queue, and keeps to the limit", () =>
    use(async (store) => {
      await insertRuns(store, [
        { blocked: true },
        { priority: 1 },
        { blocked: true, priority: 1 },
        {},
        { blocked: true, priority: 2 },
      ]);
      const found = await store.transact((tx) => [0, 1, 3, 9].map((limit) => seqs(tx.waitingRuns(limit))));
      expect(found).toEqual([[], [5], [5, 2, 3], [5, 2, 3, 1, 4]]);
    }));

  it("liveRuns gives a session's runs that have not ended, lowest seq first", () =>
    use(async (store) => {
      await setUp(store, [
        ...states.map((state): [Partial<NewRun>, Partial<RunProgress>] => [{ priority: 9 }, { state }]),
        [{ tenantId: "other" }, {}],
        [{ sessionId: "other" }, {}],
        [{}, {}],
      ]);
      expect(await store.transact((tx) => seqs(tx.liveRuns("t", "s")))).toEqual([1, 2, 3, 4, 5, 6, 7, 13]);
      expect(await store.transact((tx) => seqs(tx.liveRuns("other", "s")))).toEqual([11]);
      expect(await store.transact((tx) => tx.liveRuns("t", "none"))).toEqual([]);
    }));

  it("ownedRuns goes by worker and state, lowest seq first", () =>
    use(async (store) => {
      await setUp(store, [
        [{}, { workerId: "a", state: "running" }],
        [{}, { workerId: "b", state: "running" }],
        [{}, { workerId: "a", state: "cancelling" }],
        [{}, { workerId: "a", state: "running" }],
        [{}, { state: "running" }],
      ]);
      const owned = await store.transact((tx) => [
        seqs(tx.ownedRuns("a", "running")),
        seqs(tx.ownedRuns("a", "cancelling")),
        seqs(tx.ownedRuns("b", "running")),
        seqs(tx.ownedRuns("a", "settling")),
        seqs(tx.ownedRuns("c", "running")),
      ]);
      expect(owned).toEqual([[1, 4], [3], [2], [], []]);
    }));

  it("dueRuns gives those whose time has come, earliest first; nextWakeAt the earliest of all", () =>
    use(async (store) => {
      expect(await store.transact((tx) => tx.nextWakeAt(KNOWN))).toBeUndefined();
      await setUp(store, [
        [{}, { wakeAt: 30 }],
        [{}, { wakeAt: 10 }],
        [{}, {}],
        [{}, { wakeAt: 20 }],
        [{}, { wakeAt: 10 }],
        [{}, { wakeAt: 0 }],
      ]);
      const due = (now: number, limit = 99): Promise<(number | undefined)[]> =>
        store.transact((tx) => seqs(tx.dueRuns(now, limit, KNOWN)));
      expect(await due(-1)).toEqual([]);
      expect(await due(9)).toEqual([6]);
      expect(await due(10)).toEqual([6, 2, 5]);
      expect(await due(99)).toEqual([6, 2, 5, 4, 1]);
      expect(await due(99, 2)).toEqual([6, 2]);
      const next = await store.transact((tx) => {
        const [sixth] = tx.dueRuns(99, 1, KNOWN);
        if (sixth !== undefined) tx.updateRun(sixth, { wakeAt: undefined });
        return [tx.nextWakeAt(KNOWN), seqs(tx.dueRuns(10, 9, KNOWN))];
      });
      expect(next).toEqual([10, [2, 5]]);
    }));

  it("listRuns gives the newest first, by any mix of tenant, session and states", () =>
    use(async (store) => {
      await setUp(store, [
        [{ tenantId: "a" }, {}],
        [{ tenantId: "b" }, { state: "running" }],
        [{ tenantId: "a", sessionId: "z" }, { state: "completed" }],
        [{ tenantId: "a" }, { state: "completed" }],
        [{ tenantId: "a" }, { state: "running" }],
      ]);
      const list = (filter: Parameters<RunTransaction["listRuns"]>[0], limit = 99): Promise<(number | undefined)[]> =>
        store.transact((tx) => seqs(tx.listRuns(filter, limit)));
      expect(await list({})).toEqual([5, 4, 3, 2, 1]);
      expect(await list({}, 2)).toEqual([5, 4]);
      expect(await list({}, 0)).toEqual([]);
      expect(await list({ tenantId: "a" })).toEqual([5, 4, 3, 1]);
      expect(await list({ sessionId: "s" })).toEqual([5, 4, 2, 1]);
      expect(await list({ tenantId: "a", sessionId: "s" }, 2)).toEqual([5, 4]);
      expect(await list({ states: ["running", "queued"] })).toEqual([5, 2, 1]);
      expect(await list({ states: ["running", "completed"] }, 3)).toEqual([5, 4, 3]);
      expect(await list({ tenantId: "a", sessionId: "z", states: ["completed"] })).toEqual([3]);
      expect(await list({ sessionId: "s", states: ["running"] })).toEqual([5, 2]);
      expect(await list({ states: [] })).toEqual([]);
      expect(await list({ tenantId: "none" })).toEqual([]);
      for (const state of states) {
        expect((await list({ states: [state] })).length).toBe(
          { queued: 1, running: 2, completed: 2 }[state as string] ?? 0,
        );
      }
    }));

  it("trimmableRuns gives ended runs that were not trimmed, those that ended longest ago first, without the newest", () =>
    use(async (store) => {
      await setUp(store, [
        [{}, { state: "completed", finishedAt: 50 }],
        [{}, { state: "failed", finishedAt: 10 }],
        [{}, { state: "running" }],
        [{}, { state: "cancelled", finishedAt: 30 }],
        [{}, { state: "completed", finishedAt: 20 }],
        [{}, { state: "completed", finishedAt: 10 }],
      ]);
      const trimmable = (limit: number, skip: number): Promise<(number | undefined)[]> =>
        store.transact((tx) => seqs(tx.trimmableRuns(limit, skip)));
      await store.transact((tx) => {
        for (const n of [1, 2, 3, 4, 5, 6]) {
          const run = tx.getRun(`p:s:${n}`);
          if (run !== undefined) tx.appendEvents(run, 1, eventTexts(1, 2));
        }
        const fifth = tx.getRun("p:s:5");
        if (fifth === undefined) throw new Error("The fifth is gone");
        tx.trimEvents(fifth);
        tx.updateRun(fifth, { trimmedThrough: 2 });
      });
      expect(await trimmable(99, 0)).toEqual([2, 6, 4, 1]);
      expect(await trimmable(2, 0)).toEqual([2, 6]);
      expect(await trimmable(99, 1)).toEqual([2, 6, 4]);
      expect(await trimmable(2, 3)).toEqual([2]);
      expect(await trimmable(99, 4)).toEqual([]);
      expect(await trimmable(99, 1_000)).toEqual([]);
      await store.transact((tx) => {
        for (const run of tx.trimmableRuns(1, 0)) tx.trimEvents(run);
      });
      expect(await trimmable(99, 0)).toEqual([6, 4, 1]);
      await store.transact((tx) => {
        const fifth = tx.getRun("p:s:5");
        if (fifth !== undefined) tx.appendEvents(fifth, 3, eventTexts(3, 1));
      });
      expect(await trimmable(99, 0)).toEqual([6, 5, 4, 1]);
      const ended = await store.transact((tx) => tx.listRuns({ states: states.filter(isEnded) }, 99));
      expect(ended).toHaveLength(5);
    }));
}
