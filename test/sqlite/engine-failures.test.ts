import { chmodSync, closeSync, copyFileSync, openSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { isTurnError } from "../../src/errors.ts";
import { isTerminal, type TurnEvent } from "../../src/event/turn-event.ts";
import { textDelta } from "../../src/event/known-events.ts";
import { createRunEngine, type RunEngine, type RunStore } from "../../src/run/index.ts";
import { nodeSqliteDriver, sqliteStore } from "../../src/sqlite/index.ts";
import { request } from "../run/engine-world.ts";
import { temporaryFolder } from "./temporary-folder.ts";

// What a caller of the engine meets when the database below it is no good: a typed error, and nothing half-started.

const folder = temporaryFolder();
afterAll(() => folder.remove());
let count = 0;
const newPath = (): string => `${folder.path}/${++count}.db`;

let engines: RunEngine[] = [];
let begun: string[] = [];
afterEach(async () => {
  await Promise.all(engines.map((engine) => engine.stop({ graceMs: 0 })));
  engines = [];
  begun = [];
});

function engineOn(store: RunStore): RunEngine {
  const engine = createRunEngine({
    store,
    agents: {
      default: async function* ({ executionId }) {
        begun.push(executionId);
        yield textDelta("Hello");
      },
    },
    leaseMs: 500,
    pollMs: 10,
    log: () => undefined,
  });
  engines.push(engine);
  return engine;
}

async function play(engine: RunEngine, n: number): Promise<TurnEvent[]> {
  const events: TurnEvent[] = [];
  for await (const event of (await engine.open(request(n))).events) events.push(event);
  return events;
}

async function codeOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => "it worked",
    (error: unknown) => (isTurnError(error) ? error.code : error),
  );
}

/** Each of the engine's calls meets the same refusal, and no agent begins. */
async function expectRefusals(engine: RunEngine, code: string): Promise<void> {
  expect(await codeOf(engine.open(request(1)))).toBe(code);
  expect(await codeOf(engine.attach("x"))).toBe(code);
  expect(await codeOf(engine.inspect("x"))).toBe(code);
  expect(await codeOf(engine.cancel("x"))).toBe(code);
  expect(await codeOf(engine.decideApproval("x", { decision: "approve" }))).toBe(code);
  expect(await codeOf(engine.list({}))).toBe(code);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(begun).toEqual([]);
  expect(engine.stats()).toMatchObject({ heldSlots: 0, ownedRuns: 0 });
}

/** A database in which a run has come to its end. */
async function played(): Promise<string> {
  const path = newPath();
  const store = sqliteStore({ path });
  const engine = engineOn(store);
  for (let n = 2; n < 40; n++) await play(engine, n);
  await engine.stop();
  await store.close();
  begun = [];
  return path;
}

describe("a run engine on", () => {
  it("a file that is no database", async () => {
    const path = newPath();
    writeFileSync(path, "This is a letter to my aunt. ".repeat(500));
    await expectRefusals(engineOn(sqliteStore({ path })), "store-failed");
  });

  it("a damaged file", async () => {
    const path = await played();
    const size = readFileSync(path).length;
    const file = openSync(path, "r+");
    writeSync(file, Buffer.alloc(size - 4096, 0xff), 0, size - 4096, 4096);
    closeSync(file);
    const engine = engineOn(sqliteStore({ path }));
    expect(await codeOf(engine.open(request(1)))).toBe("store-failed");
    expect(begun).toEqual([]);
  });

  it("a database of a newer version, which is left alone", async () => {
    const path = await played();
    const database = new DatabaseSync(path);
    database.exec("UPDATE turnwire_schema SET version = 99");
    database.close();
    const before = readFileSync(path);
    await expectRefusals(engineOn(sqliteStore({ path })), "store-failed");
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it("a database that may only be read", async () => {
    const path = await played();
    const driver = nodeSqliteDriver(new DatabaseSync(path, { readOnly: true }));
    const engine = engineOn(sqliteStore({ driver }));
    expect(await codeOf(engine.open(request(1)))).toBe("store-failed");
    expect(await codeOf(engine.attach(request(2).executionId))).toBe("it worked");
    expect((await engine.inspect(request(2).executionId))?.state).toBe("completed");
    expect(await engine.inspect(request(1).executionId)).toBeUndefined();
    expect(begun).toEqual([]);
    // A copy without write permission says so too, where permissions mean anything.
    const copy = newPath();
    copyFileSync(path, copy);
    chmodSync(copy, 0o444);
    const code = await codeOf(engineOn(sqliteStore({ path: copy })).open(request(1)));
    expect(process.getuid?.() === 0 ? ["it worked", "store-failed"] : ["store-failed"]).toContain(code);
  });

  it("a database that somebody holds: store-busy, and all is well once it is given back", async () => {
    const path = await played();
    const holder = new DatabaseSync(path);
    holder.exec("BEGIN IMMEDIATE");
    const engine = engineOn(sqliteStore({ path, busyMs: 30 }));
    await expectRefusals(engine, "store-busy");
    holder.exec("ROLLBACK");
    holder.close();
    expect((await play(engine, 1)).at(-1)?.type).toBe("session.run.completed");
    expect(begun).toHaveLength(1);
  });

  it("a full database: what was accepted goes on once there is room", async () => {
    const database = new DatabaseSync(newPath());
    const engine = engineOn(sqliteStore({ driver: nodeSqliteDriver(database) }));
    expect((await play(engine, 1)).at(-1)?.type).toBe("session.run.completed");
    database.exec("PRAGMA max_page_count = 1");
    const accepted: number[] = [];
    const refusals = new Set<unknown>();
    for (let n = 100; n < 140 && refusals.size === 0; n++) {
      const large = request(n, { input: { message: "x".repeat(20_000) } });
      const code = await codeOf(engine.open(large));
      if (code === "it worked") accepted.push(n);
      else refusals.add(code);
    }
    expect([...refusals]).toEqual(["store-failed"]);
    database.exec("PRAGMA max_page_count = 100000");
    for (const n of accepted) {
      const types: string[] = [];
      for await (const event of (await engine.attach(request(n).executionId)).events) {
        if (isTerminal(event)) types.push(event.type);
      }
      expect(types).toHaveLength(1);
    }
    expect((await play(engine, 3)).at(-1)?.type).toBe("session.run.completed");
    await engine.stop();
    expect(engine.stats()).toMatchObject({ heldSlots: 0, ownedRuns: 0 });
  });
});
