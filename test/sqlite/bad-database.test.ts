import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { afterAll, describe, expect, it } from "vitest";
import { TurnError, type TurnErrorCode } from "../../src/errors.ts";
import type { RunStore } from "../../src/run/run-store.ts";
import { nodeSqliteDriver, sqliteStore } from "../../src/sqlite/index.ts";
import { projectFolder, runCommand } from "../gate/run-command.ts";
import { eventTexts, sampleRun } from "../run/sample-run.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());
let count = 0;
const newPath = (): string => `${folder.path}/${++count}.db`;

async function failure(promise: Promise<unknown>): Promise<TurnError> {
  const error: unknown = await promise.then(
    () => "it worked",
    (reason: unknown) => reason,
  );
  if (!(error instanceof TurnError)) throw new Error(`Expected a TurnError, got ${String(error)}`, { cause: error });
  return error;
}

async function expectFailure(store: RunStore, code: TurnErrorCode, message: RegExp): Promise<void> {
  let calls = 0;
  const error = await failure(store.transact(() => calls++));
  expect({ code: error.code, message: error.message }).toEqual({
    code,
    message: expect.stringMatching(message) as string,
  });
  expect(error.cause ?? error).toBeInstanceOf(Error);
  expect(calls).toBe(0);
  await store.close();
}

/** A database with a run and events in it. */
async function makeDatabase(): Promise<string> {
  const path = newPath();
  const store = sqliteStore({ path });
  await store.transact((tx) => {
    for (let n = 1; n <= 200; n++) tx.appendEvents(tx.insertRun(sampleRun(n)), 1, eventTexts(1, 20));
  });
  await store.close();
  return path;
}

describe("sqliteStore refuses", () => {
  it("arguments that are no options, at once", () => {
    const make = (options: unknown) => (): unknown => sqliteStore(options as { path: string });
    expect(make(undefined)).toThrow(TypeError);
    expect(make({})).toThrow(/either a path or a driver/);
    expect(make({ path: "x", driver: nodeSqliteDriver(new DatabaseSync(":memory:")) })).toThrow(/either/);
    expect(make({ path: 1 })).toThrow(/path must be well-formed text that is not blank, got 1/);
    expect(make({ path: " " })).toThrow(/path must be well-formed text that is not blank, got " "/);
    expect(make({ path: "x", durability: "off" })).toThrow(/durability must be "normal" or "full"/);
    expect(make({ path: "x", busyMs: -1 })).toThrow(RangeError);
    expect(make({ path: "x", busyMs: Infinity })).toThrow(RangeError);
    expect(make({ driver: { exec: () => undefined } })).toThrow(/driver\.run must be a function/);
    expect(existsSync("x")).toBe(false);
  });

  it("a folder that is not there, and works once it is", async () => {
    const path = `${folder.path}/later/x.db`;
    const store = sqliteStore({ path });
    expect(await failure(store.transact(() => 1))).toMatchObject({
      code: "store-failed",
      message: expect.stringMatching(/unable to open.*the folder must exist/) as string,
    });
    mkdirSync(`${folder.path}/later`);
    expect(await store.transact((tx) => tx.insertRun(sampleRun(1)).seq)).toBe(1);
    await store.close();
  });

  it("a path that is a folder", () =>
    expectFailure(sqliteStore({ path: folder.path }), "store-failed", /unable to open/));

  it("a file that is no database, and leaves it alone", async () => {
    const path = newPath();
    const text = "This is a letter to my aunt. ".repeat(500);
    writeFileSync(path, text);
    await expectFailure(sqliteStore({ path }), "store-failed", /not a database.*give another path/);
    expect(readFileSync(path, "utf8")).toBe(text);
  });

  it("a damaged file", async () => {
    const path = await makeDatabase();
    const file = openSync(path, "r+");
    // The schema's page stays; all others are overwritten.
    const size = readFileSync(path).length;
    writeSync(file, Buffer.alloc(size - 4_096, 0xff), 0, size - 4_096, 4_096);
    closeSync(file);
    const store = sqliteStore({ path });
    const error = await failure(store.transact((tx) => tx.getRun("p:s:1")));
    expect(error).toMatchObject({
      code: "store-failed",
      message: expect.stringMatching(/malformed.*damaged/) as string,
    });
    await store.close();
  });

  it("a stored value that is not JSON", async () => {
    const path = await makeDatabase();
    const database = new DatabaseSync(path);
    database.exec("UPDATE turnwire_segments SET events = '[{'");
    database.close();
    const store = sqliteStore({ path });
    const error = await failure(
      store.transact((tx) => {
        const run = tx.getRun("p:s:1");
        return run === undefined ? [] : tx.readEvents(run, 0, 9);
      }),
    );
    expect(error).toMatchObject({ code: "store-failed", message: expect.stringMatching(/malformed/) as string });
    await store.close();
  });

  it("a database of a newer version, and leaves it alone", async () => {
    const path = await makeDatabase();
    const database = new DatabaseSync(path);
    database.exec("UPDATE turnwire_schema SET version = 99; CREATE TABLE turnwire_later (x)");
    database.close();
    const before = readFileSync(path);
    await expectFailure(sqliteStore({ path }), "store-failed", /newer turnwire.*version 99.*update turnwire/);
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it.skipIf(!existsSync("/proc/self/fd"))("a database that it cannot use, and does not keep it open", async () => {
    const path = await makeDatabase();
    const opened = (): string[] =>
      readdirSync("/proc/self/fd").filter((fd) => {
        try {
          return readlinkSync(`/proc/self/fd/${fd}`).startsWith(path);
        } catch {
          return false;
        }
      });
    const database = new DatabaseSync(path);
    database.exec("UPDATE turnwire_schema SET version = 99");
    expect(opened()).not.toEqual([]);
    database.close();
    const store = sqliteStore({ path });
    for (let n = 0; n < 3; n++) await failure(store.transact(() => 1));
    expect(opened()).toEqual([]);
    await store.close();
  });

  it("a file that may not be written", async () => {
    const path = await makeDatabase();
    const home = `${folder.path}/read-only`;
    mkdirSync(home);
    writeFileSync(`${home}/x.db`, readFileSync(path));
    chmodSync(`${home}/x.db`, 0o444);
    chmodSync(home, 0o555);
    chmodSync(folder.path, 0o755);
    // Permissions mean nothing to the superuser, so another one tries.
    const { exitCode, stdout, output } = await runCommand(
      process.execPath,
      ["test/sqlite/try-open.ts", `${home}/x.db`, process.getuid?.() === 0 ? "65534" : ""],
      { timeoutMs: 20_000 },
    );
    chmodSync(home, 0o755);
    expect(exitCode, output).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      code: "store-failed",
      message: expect.stringMatching(/(?:readonly|unable to open).*must (?:be writable|exist)/) as string,
    });
  });

  it("a transaction on a full database, and keeps what was there", async () => {
    const database = new DatabaseSync(newPath());
    const store = sqliteStore({ driver: nodeSqliteDriver(database) });
    await store.transact((tx) => tx.insertRun(sampleRun(1)));
    database.exec("PRAGMA max_page_count = 60");
    const fill = store.transact((tx) => {
      const run = tx.insertRun(sampleRun(2));
      for (let n = 0; n < 1_000; n++) {
        try {
          tx.appendEvents(run, n * 10 + 1, eventTexts(1, 10));
        } catch {
          // A body that goes on regardless must not write outside of its transaction.
        }
        if (n === 999) tx.putDocument(run, "input", 1);
      }
    });
    expect(await failure(fill)).toMatchObject({
      code: "store-failed",
      message: expect.stringMatching(/full.*free some space/) as string,
    });
    expect(await store.transact((tx) => tx.listRuns({}, 9).map(({ seq }) => seq))).toEqual([1]);
    expect(await store.transact((tx) => tx.insertRun(sampleRun(3)).seq)).toBe(2);
    await store.close();
  });

  it("a full database at its opening, and leaves no half of it", async () => {
    const database = new DatabaseSync(newPath());
    database.exec("PRAGMA max_page_count = 4");
    const store = sqliteStore({ driver: nodeSqliteDriver(database) });
    expect((await failure(store.transact(() => 1))).message).toMatch(/Cannot open the database.*full/);
    expect(database.prepare("SELECT count(*) AS count FROM sqlite_schema").get()?.["count"]).toBe(0);
    database.exec("PRAGMA max_page_count = 1000");
    expect(await store.transact((tx) => tx.insertRun(sampleRun(1)).seq)).toBe(1);
    await store.close();
  });

  it("a value that is larger than the database takes, as too-large", async () => {
    const driver = nodeSqliteDriver(new DatabaseSync(":memory:"));
    const store = sqliteStore({
      driver: {
        ...driver,
        run(sql, values) {
          if (values.some((value) => typeof value === "string" && value.length > 1_000_000)) {
            throw new Error("string or blob too big: SQLITE_TOOBIG");
          }
          return driver.run(sql, values);
        },
      },
    });
    const large = store.transact((tx) => tx.putDocument(tx.insertRun(sampleRun(1)), "input", "x".repeat(2_000_000)));
    expect((await failure(large)).code).toBe("too-large");
    expect(await store.transact((tx) => tx.listRuns({}, 9))).toEqual([]);
    await store.close();
  });
});

describe("a database that another process holds", () => {
  /** A process that holds the write lock until its time is up or it is told to end. */
  async function holdLock(path: string, ms: number): Promise<{ readonly ended: Promise<unknown> }> {
    const ended = runCommand(process.execPath, ["test/sqlite/hold-lock.ts", path, String(ms)], { timeoutMs: 30_000 });
    while (!existsSync(`${path}.held`)) await new Promise((resolve) => setTimeout(resolve, 5));
    return { ended };
  }

  it("is store-busy after busyMs, at the opening and later, without blocking the event loop", async () => {
    const path = await makeDatabase();
    const open = sqliteStore({ path, busyMs: 150 });
    await open.transact(() => 1);
    const { ended } = await holdLock(path, 3_000);
    const late = sqliteStore({ path, busyMs: 150 });
    let longest = 0;
    let last = performance.now();
    const ticker = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 1);
    const startedAt = performance.now();
    let calls = 0;
    const errors = await Promise.all([failure(open.transact(() => calls++)), failure(late.transact(() => calls++))]);
    const took = performance.now() - startedAt;
    clearInterval(ticker);
    expect(errors.map(({ code, retryable }) => ({ code, retryable }))).toEqual([
      { code: "store-busy", retryable: true },
      { code: "store-busy", retryable: true },
    ]);
    expect(calls).toBe(0);
    expect(took).toBeGreaterThanOrEqual(145);
    expect(took).toBeLessThan(1_500);
    expect(longest).toBeLessThan(100);
    await Promise.all([open.close(), late.close(), ended]);
  });

  it("is waited for when it is given back in time, in the order of asking", async () => {
    const path = await makeDatabase();
    const store = sqliteStore({ path });
    const { ended } = await holdLock(path, 300);
    const seqs = await Promise.all([201, 202, 203].map((n) => store.transact((tx) => tx.insertRun(sampleRun(n)).seq)));
    expect(seqs).toEqual([201, 202, 203]);
    await Promise.all([store.close(), ended]);
  });
});

it("the entry can be imported without node:sqlite, and says what to do instead of a path", async () => {
  const { exitCode, stdout, output } = await runCommand(process.execPath, ["test/sqlite/without-node-sqlite.ts"], {
    timeoutMs: 20_000,
    cwd: projectFolder,
  });
  expect(exitCode, output).toBe(0);
  expect(JSON.parse(stdout)).toEqual({
    code: "not-supported",
    message: expect.stringMatching(/no node:sqlite.*give sqliteStore a driver/) as string,
  });
});
