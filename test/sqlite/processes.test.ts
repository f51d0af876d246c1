import { DatabaseSync } from "node:sqlite";
import { afterAll, describe, expect, it } from "vitest";
import { sqliteStore } from "../../src/sqlite/index.ts";
import { runCommand } from "../gate/run-command.ts";
import { readAll } from "../run/sample-run.ts";
import { temporaryFolder } from "./temporary-folder.ts";

// Real processes on one file.

const folder = temporaryFolder();
afterAll(() => folder.remove());

interface Hammered {
  readonly kept: number;
  readonly longestMs: number;
}

async function hammer(path: string, worker: string, transactions: number): Promise<Hammered> {
  const args = ["test/sqlite/hammer.ts", path, worker, String(transactions)];
  const { exitCode, stdout, output } = await runCommand(process.execPath, args, { timeoutMs: 60_000 });
  expect(exitCode, output).toBe(0);
  return JSON.parse(stdout) as Hammered;
}

/** What {@link hammer} does in each transaction, found whole. */
async function check(path: string, workers: readonly string[], transactions: number): Promise<void> {
  const store = sqliteStore({ path });
  await store.transact((tx) => {
    const shared = tx.getRun("shared");
    expect(shared?.epoch).toBe(workers.length * transactions);
    expect(shared?.lastEventId).toBe(workers.length * transactions * 2);
    const events = shared === undefined ? [] : readAll(tx, shared, 0, 500);
    expect(events).toHaveLength(workers.length * transactions * 2);
    for (const worker of workers) {
      const run = tx.getRun(worker);
      expect(run?.epoch).toBe(transactions);
      expect(run === undefined ? undefined : tx.getDocument(run, "progress")).toBe(transactions);
      const own = (events as { data: { worker: string; n: number } }[]).filter(({ data }) => data.worker === worker);
      expect(own.map(({ data }) => data.n)).toEqual(Array.from({ length: transactions * 2 }, (_, n) => n >> 1));
    }
  });
  await store.close();
}

describe("several processes on one file", () => {
  it.each([
    [2, 1_000],
    [3, 700],
  ])("%i processes: every transaction is kept whole", { timeout: 90_000 }, async (count, transactions) => {
    const path = `${folder.path}/hammer-${count}.db`;
    const workers = Array.from({ length: count }, (_, index) => `worker ${index}`);
    const results = await Promise.all(workers.map((worker) => hammer(path, worker, transactions)));
    expect(results.map(({ kept }) => kept)).toEqual(workers.map(() => transactions));
    await check(path, workers, transactions);
  });

  it("four processes that start at the same moment migrate once", { timeout: 60_000 }, async () => {
    for (let round = 0; round < 3; round++) {
      const path = `${folder.path}/start-${round}.db`;
      const workers = ["a", "b", "c", "d"];
      await Promise.all(workers.map((worker) => hammer(path, worker, 1)));
      await check(path, workers, 1);
      const database = new DatabaseSync(path);
      expect(database.prepare("SELECT version FROM turnwire_schema").all()).toHaveLength(1);
      database.close();
    }
  });

  it("a process that is killed leaves only whole transactions", { timeout: 60_000 }, async () => {
    for (let round = 0; round < 6; round++) {
      const path = `${folder.path}/kill-${round}.db`;
      const args = ["test/sqlite/hammer.ts", path, "victim", "1000000"];
      // Killed by its time limit, in the middle of its work.
      await runCommand(process.execPath, args, { timeoutMs: 250 + round * 40 });
      const store = sqliteStore({ path });
      await store.transact((tx) => {
        const shared = tx.getRun("shared");
        const own = tx.getRun("victim");
        if (shared === undefined || own === undefined) return;
        expect(shared.epoch).toBe(own.epoch);
        expect(shared.lastEventId).toBe(own.epoch * 2);
        expect(readAll(tx, shared, 0, 500)).toHaveLength(own.epoch * 2);
        expect(tx.getDocument(own, "progress") ?? 0).toBe(own.epoch);
      });
      await store.close();
    }
  });
});
