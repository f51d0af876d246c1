import { DatabaseSync } from "node:sqlite";
import { expect, it } from "vitest";
import { isTurnError } from "../../src/errors.ts";
import { nodeSqliteDriver, type SqliteDriver, sqliteStore } from "../../src/sqlite/index.ts";
import { eventTexts, sampleRun } from "../run/sample-run.ts";

// What the store asks of a driver, and what it makes of a driver that fails.

interface Watched {
  readonly driver: SqliteDriver;
  /** The first word of each statement and the other methods called, since the last look. */
  readonly look: () => string[];
  /** What the next calls of a method throw. */
  readonly fail: (method: "run" | "transaction", messages: readonly string[]) => void;
}

function watch(): Watched {
  const real = nodeSqliteDriver(new DatabaseSync(":memory:"));
  const failures = { run: [] as string[], transaction: [] as string[] };
  let calls: string[] = [];
  const note = (call: string, method?: "run" | "transaction"): void => {
    calls.push(call.split(" ", 1)[0] ?? "");
    const failure = method === undefined ? undefined : failures[method].shift();
    if (failure !== undefined) throw new Error(failure);
  };
  return {
    driver: {
      exec: (sql) => (note(sql), real.exec(sql)),
      run: (sql, values) => (note(sql, "run"), real.run(sql, values)),
      get: (sql, values) => (note(sql), real.get(sql, values)),
      all: (sql, values) => (note(sql), real.all(sql, values)),
      transaction: (body) => (note("transaction", "transaction"), real.transaction(body)),
      close: () => (note("close"), real.close?.()),
    },
    look() {
      const seen = calls;
      calls = [];
      return seen;
    },
    fail: (method, messages) => void failures[method].push(...messages),
  };
}

const at = async (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);

it("a batch of events is read, and written in one statement", async () => {
  const { driver, look } = watch();
  const store = sqliteStore({ driver });
  await store.transact((tx) => tx.appendEvents(tx.insertRun(sampleRun(1)), 1, eventTexts(1, 3)));
  look();
  for (const from of [4, 14]) {
    await store.transact((tx) => {
      const run = tx.getRun("p:s:1");
      if (run === undefined) return;
      tx.appendEvents(run, from, eventTexts(from, 10));
      tx.updateRun(run, { lastEventId: from + 9 });
    });
    expect(look()).toEqual(["transaction", "SELECT", "INSERT"]);
  }
  expect(await store.transact((tx) => tx.getRun("p:s:1")?.lastEventId)).toBe(23);
  await store.close();
});

it("a transaction fails with its first failed statement, even when its body caught that, and runs no later one", async () => {
  const { driver, look, fail } = watch();
  const store = sqliteStore({ driver });
  await store.transact((tx) => tx.insertRun(sampleRun(1)));
  look();
  fail("run", ["disk I/O error"]);
  const swallowed = store.transact((tx) => {
    tx.getRun("p:s:1");
    try {
      tx.insertRun(sampleRun(2));
    } catch {
      // Goes on as if nothing had happened.
    }
    try {
      tx.insertRun(sampleRun(3));
    } catch {
      // And again.
    }
    return "done";
  });
  const error = await at(swallowed);
  expect(isTurnError(error, "store-failed")).toBe(true);
  expect(String(error)).toMatch(/disk I\/O error; the disk failed/);
  expect(look()).toEqual(["transaction", "SELECT", "INSERT"]);
  expect(await store.transact((tx) => tx.listRuns({}, 9).map(({ turnIndex }) => turnIndex))).toEqual([1]);
  await store.close();
});

it("a busy database is tried again, in order, and close waits for that", async () => {
  const { driver, look, fail } = watch();
  const store = sqliteStore({ driver });
  await store.transact(() => undefined);
  look();
  fail("transaction", ["database is locked", "database table is locked", "SQLITE_BUSY: database is locked"]);
  const order: number[] = [];
  const all = [1, 2].map((n) => store.transact(() => order.push(n)));
  const closed = store.close();
  await Promise.all([...all, closed]);
  expect(order).toEqual([1, 2]);
  expect(look()).toEqual(["transaction", "transaction", "transaction", "transaction", "transaction", "close"]);
});

it("busyMs is counted by the clock that is given", async () => {
  let now = 0;
  const waits: number[] = [];
  const clock = {
    now: () => now,
    after(ms: number, callback: () => void) {
      waits.push(ms);
      now += ms;
      queueMicrotask(callback);
      return () => undefined;
    },
  };
  const { driver, look, fail } = watch();
  const store = sqliteStore({ driver, busyMs: 200, clock });
  await store.transact(() => undefined);
  look();
  fail(
    "transaction",
    Array.from({ length: 1_000 }, () => "database is locked"),
  );
  const error = await at(store.transact(() => expect.unreachable()));
  expect(isTurnError(error, "store-busy")).toBe(true);
  expect(waits.reduce((sum, ms) => sum + ms, 0)).toBeCloseTo(200);
  // Slowly at first, then at least every 25 ms.
  expect(waits[0]).toBeLessThanOrEqual(1);
  expect(Math.max(...waits)).toBeLessThanOrEqual(25);
  expect(look()).toHaveLength(waits.length + 1);
});

it("a failed commit is a failure of the store, and the next transaction goes on", async () => {
  const { driver } = watch();
  let failures = 0;
  const store = sqliteStore({
    driver: {
      ...driver,
      transaction: (body) =>
        driver.transaction(() => {
          const result = body();
          if (failures-- > 0) throw new Error("database or disk is full");
          return result;
        }),
    },
  });
  await store.transact(() => undefined);
  failures = 1;
  const error = await at(store.transact((tx) => tx.insertRun(sampleRun(1))));
  expect(isTurnError(error, "store-failed")).toBe(true);
  expect(String(error)).toMatch(/Cannot commit a transaction: .*full/);
  expect(await store.transact((tx) => tx.listRuns({}, 9))).toEqual([]);
  await store.close();
});

it("takes back what has failed also where node:sqlite does not tell whether it is in a transaction", async () => {
  const database = new DatabaseSync(":memory:");
  const older = {
    exec: (sql: string) => database.exec(sql),
    prepare: (sql: string) => database.prepare(sql),
    close: () => database.close(),
  };
  const store = sqliteStore({ driver: nodeSqliteDriver(older) });
  for (const rolledBack of [false, true]) {
    const refused = store.transact((tx) => {
      tx.insertRun(sampleRun(1));
      // As SQLite does by itself when the disk is full.
      if (rolledBack) database.exec("ROLLBACK");
      throw new Error("no");
    });
    await expect(refused).rejects.toThrow("no");
    expect(await store.transact((tx) => tx.getRun("p:s:1"))).toBeUndefined();
  }
  await store.close();
});
