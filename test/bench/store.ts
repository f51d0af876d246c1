import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type SqliteDriver, nodeSqliteDriver, sqliteStore } from "turnwire/sqlite";
import { memoryStore } from "../../src/run/memory-store.ts";
import type { RunRecord, RunStore } from "../../src/run/run-store.ts";
import type { Row } from "./bench.ts";
import { interleave } from "./interleave.ts";

// What a store costs next to bare SQL through the same driver: a row per event, in the leanest table that can hold the
// run, the id and the event, and that can be read from a cursor. And whether finished runs slow anything down.

const REPLAYED = 100_000;
const FINISHED = 100_000;
const PAGE = 500;
const OPENS = 300;
const APPENDED: Readonly<Record<number, number>> = { 1: 4_000, 10: 20_000, 100: 100_000 };
/** 0.9 of the peer's speed. */
const NEARLY_AS_FAST = 1 / 0.9;

export async function bench(): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), "turnwire-bench-"));
  try {
    const path = (name: string): string => join(folder, `${name}.db`);
    return [
      await appendRow(path, 100, NEARLY_AS_FAST),
      await appendRow(path, 10),
      await appendRow(path, 1),
      await replayRow(path, 100, NEARLY_AS_FAST),
      await replayRow(path, 10),
      await replayRow(path, 1),
      await openRow("SQLite", 1.2, (name) => sqliteStore({ path: path(name) })),
      await openRow("memory", undefined, () => memoryStore()),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

type PathOf = (name: string) => string;

function texts(from: number, count: number): string[] {
  return Array.from({ length: count }, (_, index) =>
    JSON.stringify({
      type: "message.part.updated",
      data: { part: { type: "text", id: "prt_01", messageID: "msg_01" }, delta: ` word ${from + index}` },
    }),
  );
}

/** The file and the settings of the store's own, and one table. */
export function bareDatabase(path: string): SqliteDriver {
  const database = new DatabaseSync(path);
  database.exec("PRAGMA journal_mode = WAL");
  database.exec("PRAGMA synchronous = NORMAL");
  database.exec("CREATE TABLE events (key INTEGER PRIMARY KEY, event TEXT NOT NULL)");
  return nodeSqliteDriver(database);
}

export const INSERT = "INSERT INTO events (key, event) VALUES (?1 << 32 | ?2, ?3)";
export const SELECT = `SELECT key & 4294967295 AS id, event FROM events WHERE key > (?1 << 32 | ?2) AND key < (?1 + 1) << 32
  ORDER BY key LIMIT ?3`;

async function openRun(store: RunStore, executionId: string): Promise<RunRecord> {
  return store.transact((tx) =>
    tx.insertRun({
      executionId,
      tenantId: "acme",
      sessionId: `session of ${executionId}`,
      userId: "ada",
      turnIndex: 0,
      agent: "default",
      priority: 0,
      createdAt: Date.now(),
      blocked: false,
    }),
  );
}

/** What the engine does for a batch: looks whether the run is still its own, and appends. */
async function append(store: RunStore, executionId: string, batch: readonly string[]): Promise<void> {
  await store.transact((tx) => {
    const run = tx.getRun(executionId);
    if (run === undefined) throw new Error("The run is gone");
    tx.appendEvents(run, run.lastEventId + 1, batch);
    tx.updateRun(run, { lastEventId: run.lastEventId + batch.length });
  });
}

async function appendRow(path: PathOf, size: number, limit?: number): Promise<Row> {
  const store = sqliteStore({ path: path(`append-${size}`) });
  await openRun(store, "p:s:1");
  const bare = bareDatabase(path(`append-bare-${size}`));
  const count = APPENDED[size] ?? 0;
  const batch = texts(1, size);
  let bareId = 0;
  const timings = await interleave(
    {
      async ours() {
        for (let done = 0; done < count; done += size) await append(store, "p:s:1", batch);
      },
      async bare() {
        for (let done = 0; done < count; done += size) {
          bare.transaction(() => {
            for (const event of batch) bare.run(INSERT, [1, ++bareId, event]);
          });
          // As a server would: the next batch comes when this one is kept.
          await Promise.resolve();
        }
      },
    },
    { rounds: 9, warmUps: 2 },
  );
  await store.close();
  bare.close?.();
  return {
    name: `append, batches of ${size}, vs bare inserts of a row per event`,
    unit: "µs/event",
    ours: (timings.ms("ours") * 1_000) / count,
    peer: (timings.ms("bare") * 1_000) / count,
    ratio: timings.ratio("ours", "bare"),
    ...(limit === undefined ? {} : { limit }),
  };
}

async function replayRow(path: PathOf, size: number, limit?: number): Promise<Row> {
  const store = sqliteStore({ path: path(`replay-${size}`) });
  const run = await openRun(store, "p:s:1");
  const bare = bareDatabase(path(`replay-bare-${size}`));
  const events = texts(1, REPLAYED);
  await store.transact((tx) => {
    for (let at = 0; at < REPLAYED; at += size) tx.appendEvents(run, at + 1, events.slice(at, at + size));
  });
  bare.transaction(() => {
    for (const [index, event] of events.entries()) bare.run(INSERT, [1, index + 1, event]);
  });
  const timings = await interleave(
    {
      async ours() {
        let read = 0;
        for (let after = 0; ;) {
          const cursor = after;
          const page = await store.transact((tx) => tx.readEvents(run, cursor, PAGE));
          if (page.length === 0) break;
          read += page.length;
          after = Number(page.at(-1)?.id);
        }
        if (read !== REPLAYED) throw new Error(`Read ${read} events`);
      },
      bare() {
        let read = 0;
        for (let after = 0; ;) {
          const page = bare
            .all(SELECT, [1, after, PAGE])
            .map((row): { id: string } => ({ ...JSON.parse(String(row["event"])), id: String(row["id"]) }));
          if (page.length === 0) break;
          read += page.length;
          after = Number(page.at(-1)?.id);
        }
        if (read !== REPLAYED) throw new Error(`Read ${read} events`);
        return Promise.resolve();
      },
    },
    { rounds: 7, warmUps: 2 },
  );
  await store.close();
  bare.close?.();
  return {
    name: `replay of ${REPLAYED} events in batches of ${size}, vs a SELECT that parses each row`,
    unit: "ms",
    ours: timings.ms("ours"),
    peer: timings.ms("bare"),
    ratio: timings.ratio("ours", "bare"),
    ...(limit === undefined ? {} : { limit }),
  };
}

async function openRow(kind: string, limit: number | undefined, create: (name: string) => RunStore): Promise<Row> {
  const full = create("open-full");
  const empty = create("open-empty");
  for (let from = 0; from < FINISHED; from += 5_000) {
    await full.transact((tx) => {
      for (let n = from; n < from + 5_000; n++) finish(tx, start(tx, `old:${n}`));
    });
  }
  let opened = 0;
  const openMany = async (store: RunStore): Promise<void> => {
    const first = opened;
    for (; opened < first + OPENS; opened++) await store.transact((tx) => start(tx, `new:${opened}`));
    await store.transact((tx) => {
      for (let n = first; n < opened; n++) finish(tx, tx.getRun(`new:${n}`));
    });
  };
  const timings = await interleave(
    { full: () => openMany(full), empty: () => openMany(empty) },
    { rounds: 15, warmUps: 3 },
  );
  await full.close();
  await empty.close();
  return {
    name: `open with ${FINISHED} finished runs vs with none, ${kind}`,
    unit: "µs",
    ours: (timings.ms("full") * 1_000) / OPENS,
    peer: (timings.ms("empty") * 1_000) / OPENS,
    ratio: timings.ratio("full", "empty"),
    ...(limit === undefined ? {} : { limit }),
  };
}

type Transaction = Parameters<Parameters<RunStore["transact"]>[0]>[0];

/** What the engine does to open a turn. */
function start(tx: Transaction, executionId: string): RunRecord {
  const sessionId = `session ${executionId.slice(-4)}`;
  const known = tx.getRun(executionId);
  if (known !== undefined) return known;
  const live = tx.liveRuns("acme", sessionId);
  const run = tx.insertRun({
    executionId,
    tenantId: "acme",
    sessionId,
    userId: "ada",
    turnIndex: 0,
    agent: "default",
    priority: 0,
    createdAt: 1,
    blocked: live.length > 0,
  });
  tx.putDocument(run, "input", { message: "What is the weather like?" });
  tx.appendEvents(run, 1, texts(1, 3));
  tx.updateRun(run, { lastEventId: 3, state: "claimed", workerId: "w", wakeAt: 1e12, leaseUntil: 1e12 });
  tx.nextClaimable(["default"]);
  return run;
}

function finish(tx: Transaction, run: RunRecord | undefined): void {
  if (run === undefined) throw new Error("The run is gone");
  tx.updateRun(run, { state: "completed", finishedAt: run.seq, workerId: undefined, wakeAt: undefined });
}
