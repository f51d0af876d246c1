import { isTurnError } from "../../src/errors.ts";
import type { RunTransaction } from "../../src/run/run-store.ts";
import type { TestApi } from "../support/test-api.ts";
import { eventTexts, insertRuns, readAll, sampleRun } from "./sample-run.ts";
import type { UseStore } from "./store-contract.ts";

/** Everything that can be read of the runs and sessions that these tests write to. */
function readEverything(tx: RunTransaction): object {
  const runs = tx.listRuns({}, 99);
  return {
    runs,
    events: runs.map((run) => readAll(tx, run)),
    documents: runs.map((run) => [tx.getDocument(run, "input"), tx.getDocument(run, "checkpoint")]),
    approvals: runs.map(({ executionId }) => tx.approvals(executionId)),
    approval: [tx.getApproval("a"), tx.getApproval("b")],
    transcript: tx.transcript("t", "s", 99, 99),
    waiting: tx.waitingRuns(99),
    claimable: tx.nextClaimable(["default"]),
    live: tx.liveRuns("t", "s"),
    owned: tx.ownedRuns("w", "running"),
    due: tx.dueRuns(1e9, 99, ["default"]),
    wakeAt: tx.nextWakeAt(["default"]),
    trimmable: tx.trimmableRuns(99, 0),
  };
}

/** Writes to every table; with `salt` the values differ. */
function writeEverything(tx: RunTransaction, salt: number): void {
  const run = tx.insertRun(sampleRun(salt, { priority: salt }));
  tx.appendEvents(run, 1, eventTexts(salt, 3));
  tx.updateRun(run, { lastEventId: 3, wakeAt: salt, state: "running", workerId: "w" });
  tx.putDocument(run, "input", { salt });
  const base = {
    executionId: run.executionId,
    toolName: "t",
    input: salt,
    status: "pending",
    consumed: false,
  } as const;
  tx.putApproval({ ...base, approvalId: "a", index: 1 });
  tx.putApproval({ ...base, approvalId: "b", index: 2 });
  const turn = { tenantId: "t", sessionId: "s", executionId: run.executionId, message: "m", answer: String(salt) };
  tx.putTranscript({ ...turn, turnIndex: 1 });
  tx.putTranscript({ ...turn, turnIndex: salt });
}

/** Changes and deletes what {@link writeEverything} wrote for 2 and 3. */
function changeEverything(tx: RunTransaction): void {
  for (const run of tx.listRuns({}, 99)) {
    tx.updateRun(run, { state: "completed", finishedAt: 5, wakeAt: undefined, workerId: undefined });
    tx.putDocument(run, "input", "changed");
    tx.putDocument(run, "checkpoint", "new");
    if (run.turnIndex === 2) tx.trimEvents(run);
    else tx.appendEvents(run, 4, eventTexts(4, 200));
  }
}

export function atomicityContract({ it, expect }: TestApi, use: UseStore): void {
  it("a body that throws leaves everything as it was, and its own error is the rejection", () =>
    use(async (store) => {
      await store.transact((tx) => {
        writeEverything(tx, 2);
        tx.insertRun(sampleRun(7));
      });
      const before = await store.transact(readEverything);
      const failure = new Error("on purpose");
      const attempts = [
        (tx: RunTransaction): void => writeEverything(tx, 3),
        changeEverything,
        (tx: RunTransaction): void => {
          writeEverything(tx, 4);
          changeEverything(tx);
          writeEverything(tx, 5);
        },
      ];
      for (const attempt of attempts) {
        const during: object[] = [];
        const failed = store.transact((tx) => {
          attempt(tx);
          during.push(readEverything(tx));
          throw failure;
        });
        expect(await failed.catch((error: unknown) => error)).toBe(failure);
        expect(await store.transact(readEverything)).toStrictEqual(before);
        expect(during[0]).not.toEqual(before);
      }
    }));

  it("what a failed transaction appended does not count in the next one", () =>
    use(async (store) => {
      const [run] = await insertRuns(store, [{}]);
      if (run === undefined) throw new Error("not inserted");
      const failed = store.transact((tx) => {
        tx.appendEvents(run, 1, eventTexts(1, 3));
        tx.updateRun(run, { lastEventId: 3 });
        throw new Error("on purpose");
      });
      await expect(failed).rejects.toThrow("on purpose");
      const found = await store.transact((tx) => {
        tx.updateRun(run, { lastEventId: 3 });
        return [tx.getRun("p:s:1")?.lastEventId, tx.readEvents(run, 0, 9)];
      });
      expect(found).toEqual([3, []]);
    }));

  it("a run number that was taken back is given again, without a hole", () =>
    use(async (store) => {
      await insertRuns(store, [{}]);
      const failed = store.transact((tx) => {
        tx.insertRun(sampleRun(2));
        throw new Error("on purpose");
      });
      await expect(failed).rejects.toThrow("on purpose");
      expect((await store.transact((tx) => tx.insertRun(sampleRun(3)))).seq).toBe(2);
    }));

  it("whatever a body throws is the rejection, undefined too", () =>
    use(async (store) => {
      for (const thrown of [undefined, null, "text", { code: 1 }]) {
        const outcome = await store
          .transact((tx) => {
            tx.insertRun(sampleRun(1));
            throw thrown;
          })
          .then(
            () => "resolved",
            (error: unknown) => ({ error }),
          );
        expect(outcome).toStrictEqual({ error: thrown });
      }
      expect(await store.transact((tx) => tx.listRuns({}, 9))).toEqual([]);
    }));

  it("a body that returns a promise is refused, and nothing is kept", () =>
    use(async (store) => {
      const asynchronous = store.transact(async (tx) => {
        tx.insertRun(sampleRun(1));
        await Promise.resolve();
      });
      await expect(asynchronous).rejects.toThrow(/synchronous/);
      expect(await store.transact((tx) => tx.getRun("p:s:1"))).toBeUndefined();
    }));

  it("transactions run in the order in which they were asked for, each alone, none inside its caller", () =>
    use(async (store) => {
      const order: string[] = [];
      const all = [1, 2, 3].map((n) =>
        store.transact((tx) => {
          order.push(`begin ${n}`);
          tx.insertRun(sampleRun(n));
          order.push(`end ${n}`);
          return n;
        }),
      );
      order.push("asked");
      expect(await Promise.all(all)).toEqual([1, 2, 3]);
      expect(order).toEqual(["asked", "begin 1", "end 1", "begin 2", "end 2", "begin 3", "end 3"]);
    }));

  it("a failed transaction does not stop the ones behind it", () =>
    use(async (store) => {
      const outcomes = await Promise.allSettled([
        store.transact(() => {
          throw new Error("on purpose");
        }),
        store.transact((tx) => tx.insertRun(sampleRun(1)).seq),
      ]);
      expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "fulfilled"]);
    }));

  it("close lets what was asked for finish, may be called twice, and refuses what comes later", () =>
    use(async (store) => {
      const last = store.transact((tx) => tx.insertRun(sampleRun(1)).seq);
      const closing = store.close();
      const late = await store.transact(() => 1).catch((error: unknown) => error);
      expect(isTurnError(late, "closed")).toBe(true);
      await closing;
      await store.close();
      expect(await last).toBe(1);
    }));

  it("a store that was never used closes", () => use(() => Promise.resolve()));
}
