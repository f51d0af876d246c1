import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { migrate } from "../../src/sqlite/migrate.ts";
import { migrations } from "../../src/sqlite/migrations.ts";
import { nodeSqliteDriver } from "../../src/sqlite/node-sqlite-driver.ts";
import { eventTexts, sampleRun } from "../run/sample-run.ts";
import { type SqliteValue, sqliteStore } from "../../src/sqlite/index.ts";

const first = ["CREATE TABLE log (step TEXT)", "INSERT INTO log VALUES ('one')"];
const second = ["INSERT INTO log VALUES ('two')"];
const third = ["ALTER TABLE log ADD COLUMN more TEXT", "INSERT INTO log VALUES ('three', 'more')"];

function open(): { database: DatabaseSync; up: (...steps: string[][]) => void; log: () => unknown[] } {
  const database = new DatabaseSync(":memory:");
  const driver = nodeSqliteDriver(database);
  return {
    database,
    up: (...steps) => migrate(driver, steps),
    log: () => driver.all("SELECT step FROM log", []).map((row) => row["step"]),
  };
}

describe("migrate", () => {
  it("takes every step in order, and each once", () => {
    const { up, log, database } = open();
    up(first);
    expect(log()).toEqual(["one"]);
    up(first);
    up(first, second, third);
    up(first, second, third);
    expect(log()).toEqual(["one", "two", "three"]);
    expect(database.prepare("SELECT version FROM turnwire_schema").all()).toEqual([{ version: 3 }]);
  });

  it("writes nothing where there is nothing to do", () => {
    const { up, database } = open();
    up(first, second);
    const changes = (): unknown => database.prepare("SELECT total_changes() AS changes").get()?.["changes"];
    const before = changes();
    up(first, second);
    expect(changes()).toBe(before);
  });

  it("takes all steps or none", () => {
    const { up, log, database } = open();
    up(first);
    expect(() => up(first, second, ["nonsense"])).toThrow(/nonsense/);
    expect(log()).toEqual(["one"]);
    expect(database.prepare("SELECT version FROM turnwire_schema").all()).toEqual([{ version: 1 }]);
    const empty = open();
    expect(() => empty.up(first, ["nonsense"])).toThrow();
    expect(empty.database.prepare("SELECT * FROM sqlite_schema").all()).toEqual([]);
  });

  it("refuses a version that it does not know", () => {
    const { up } = open();
    up(first, second);
    expect(() => up(first)).toThrow(/newer turnwire \(its schema has version 2, this one knows 1\)/);
  });

  it("uses no pragma and no transaction statement, which a Durable Object refuses", () => {
    expect(migrations.flat().filter((sql) => !/^CREATE (?:TABLE|INDEX) turnwire_/.test(sql))).toEqual([]);
  });
});

describe("every query of runs", () => {
  it("goes through an index, and sorts nothing that it need not", async () => {
    const driver = nodeSqliteDriver(new DatabaseSync(":memory:"));
    const asked = new Map<string, readonly SqliteValue[]>();
    const note = (sql: string, values: readonly SqliteValue[]): void => void asked.set(sql, values);
    const store = sqliteStore({
      driver: {
        ...driver,
        run: (sql, values) => (note(sql, values), driver.run(sql, values)),
        get: (sql, values) => (note(sql, values), driver.get(sql, values)),
        all: (sql, values) => (note(sql, values), driver.all(sql, values)),
      },
    });
    await store.transact((tx) => {
      const run = tx.insertRun(sampleRun(1));
      tx.appendEvents(run, 1, eventTexts(1, 3));
      asked.delete("SELECT version FROM turnwire_schema");
      tx.updateRun(run, { state: "running", workerId: "w" });
      tx.getDocument(run, "input");
      tx.readEvents(run, 0, 1);
      tx.nextClaimable(["default"]);
      tx.waitingRuns(9);
      tx.liveRuns("t", "s");
      tx.ownedRuns("w", "running");
      tx.ownedRuns("w", "cancelling");
      tx.dueRuns(9, 9, ["default"]);
      tx.nextWakeAt(["default"]);
      tx.listRuns({}, 9);
      tx.listRuns({ sessionId: "s" }, 9);
      tx.listRuns({ sessionId: "s", tenantId: "t", states: ["completed"] }, 9);
      tx.listRuns({ states: ["running"] }, 9);
      tx.trimmableRuns(9, 0);
      tx.getApproval("a");
      tx.approvals("p:s:1");
      tx.transcript("t", "s", 9, 9);
      tx.trimEvents(run);
    });
    const plans = [...asked].flatMap(([sql, values]) =>
      driver.all(`EXPLAIN QUERY PLAN ${sql}`, values).map((row) => ({ sql, plan: String(row["detail"]) })),
    );
    expect(plans.length).toBeGreaterThan(20);
    const scans = plans.filter(({ plan }) =>
      /^SCAN (?!json_each|CONSTANT|\(subquery|turnwire_runs USING (?:COVERING )?INDEX)/.test(plan),
    );
    // All runs from the newest back is a walk of the table, and stops at its limit.
    expect(scans.filter(({ sql }) => !/turnwire_runs ORDER BY seq DESC LIMIT/.test(sql))).toEqual([]);
    const sorts = plans.filter(({ plan }) => /TEMP B-TREE/.test(plan)).map(({ sql }) => sql);
    // Live runs of all sessions are few, and their index goes by session; so does that of a session of any tenant's.
    expect(sorts.filter((sql) => !/INDEXED BY turnwire_runs_live|WHERE session_id = \? ORDER/.test(sql))).toEqual([]);
    await store.close();
  });
});
