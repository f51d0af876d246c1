import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { textDelta, type TurnEvent } from "turnwire";
import { type AgentRun, createRunEngine, type RunEngine, type RunEngineOptions, type RunStore } from "turnwire/run";
import { sqliteStore } from "turnwire/sqlite";
import type { RunTransaction } from "../../src/run/run-store.ts";
import type { Row } from "./bench.ts";
import { interleave } from "./interleave.ts";
import { bareDatabase, INSERT, SELECT } from "./store.ts";

// What a turn costs in the run engine on a SQLite file: from the agent's events to a reader, next to bare inserts of the
// same events in the same batches; replay; what waiting and living runs keep in memory; and what old runs cost new ones.

const LIVE_EVENTS = 100_000;
const REPLAYED = 100_000;
const PAGE = 500;
const WAITING = 10_000;
const LIVING = 1_000;
const FINISHED = 100_000;
const OPENS = 200;
/** 0.7 of the peer's speed. */
const FAST_ENOUGH = 1 / 0.7;
const KB = 1024;
const MB = 1024 * KB;

export async function bench(): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), "turnwire-bench-"));
  const path = (name: string): string => join(folder, `${name}.db`);
  try {
    return [
      await liveRow(path),
      ...(await replayRows(path)),
      ...(await waitingRows(path)),
      ...(await livingRows(path)),
      await openRow(path),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

type PathOf = (name: string) => string;

function engineOn(
  store: RunStore,
  stream: (run: AgentRun) => AsyncGenerator<TurnEvent>,
  more: Partial<RunEngineOptions> = {},
): RunEngine {
  return createRunEngine({ store, agents: { default: stream }, ...more });
}

let turns = 0;

async function open(engine: RunEngine): Promise<{ executionId: string; events: AsyncIterable<TurnEvent> }> {
  const n = ++turns;
  return engine.open({
    executionId: `bench:thread-${n}:0`,
    identity: { tenantId: "acme", sessionId: `thread-${n}`, userId: "ada", turnIndex: 0 },
    input: { message: "Hello" },
  });
}

async function drain(events: AsyncIterable<TurnEvent>): Promise<number> {
  let count = 0;
  for await (const _event of events) count++;
  return count;
}

async function* deltas(count: number): AsyncGenerator<TurnEvent> {
  for (let n = 0; n < count; n++) yield textDelta(` word ${n}`);
}

/** Notes how many events each transaction appends. */
function watched(store: RunStore, batches: number[]): RunStore {
  return {
    transact: (body) =>
      store.transact((tx: RunTransaction) => {
        let count = 0;
        const result = body(
          new Proxy(tx, {
            get(target, name) {
              if (name !== "appendEvents") {
                const value: unknown = Reflect.get(target, name);
                return typeof value === "function" ? (value.bind(target) as unknown) : value;
              }
              return (...args: Parameters<RunTransaction["appendEvents"]>) => {
                count += args[2].length;
                target.appendEvents(...args);
              };
            },
          }),
        );
        if (count > 0) batches.push(count);
        return result;
      }),
    close: () => store.close(),
  };
}

async function liveRow(path: PathOf): Promise<Row> {
  // Once for the batches: how many events come together is the engine's doing, and the peer gets the same.
  const batches: number[] = [];
  const probe = engineOn(watched(sqliteStore({ path: path("probe") }), batches), () => deltas(LIVE_EVENTS));
  await drain((await open(probe)).events);
  await probe.stop();

  const store = sqliteStore({ path: path("live") });
  const engine = engineOn(store, () => deltas(LIVE_EVENTS));
  const bare = bareDatabase(path("live-bare"));
  let run = 0;
  const timings = await interleave(
    {
      async ours() {
        const count = await drain((await open(engine)).events);
        if (count < LIVE_EVENTS) throw new Error(`Only ${count} events came`);
      },
      async bare() {
        run++;
        let id = 0;
        const events = deltas(LIVE_EVENTS);
        for (const size of batches) {
          const batch: string[] = [];
          while (batch.length < size) {
            const { value, done } = await events.next();
            if (done === true) break;
            batch.push(JSON.stringify(value));
          }
          bare.transaction(() => {
            for (const event of batch) bare.run(INSERT, [run, ++id, event]);
          });
        }
      },
    },
    { rounds: 7, warmUps: 2 },
  );
  await engine.stop();
  await store.close();
  bare.close?.();
  return {
    name: `events from the agent through a SQLite file to a reader (about ${Math.round(LIVE_EVENTS / batches.length)} a batch), vs bare inserts`,
    unit: "µs/event",
    ours: (timings.ms("ours") * 1000) / LIVE_EVENTS,
    peer: (timings.ms("bare") * 1000) / LIVE_EVENTS,
    ratio: timings.ratio("ours", "bare"),
    limit: FAST_ENOUGH,
  };
}

async function replayRows(path: PathOf): Promise<Row[]> {
  const store = sqliteStore({ path: path("replay") });
  const engine = engineOn(store, () => deltas(REPLAYED));
  const opened = await open(engine);
  const total = await drain(opened.events);
  const { executionId } = opened;
  const read = async (after: number): Promise<void> => {
    const count = await drain((await engine.attach(executionId, { after: String(after) })).events);
    if (count !== total - after) throw new Error(`Read ${count} of ${total - after}`);
  };
  const bare = bareDatabase(path("replay-bare"));
  let id = 0;
  const events: string[] = [];
  for await (const event of deltas(REPLAYED)) events.push(JSON.stringify(event));
  bare.transaction(() => {
    for (const event of events) bare.run(INSERT, [1, ++id, event]);
  });
  const timings = await interleave(
    {
      whole: () => read(0),
      last: () => read(total - REPLAYED / 10),
      bare() {
        let count = 0;
        for (let after = 0; ;) {
          const page = bare
            .all(SELECT, [1, after, PAGE])
            .map((row) => ({ ...(JSON.parse(String(row["event"])) as TurnEvent), id: String(row["id"]) }));
          if (page.length === 0) break;
          count += page.length;
          after = Number(page.at(-1)?.id);
        }
        if (count !== REPLAYED) throw new Error(`Read ${count} events`);
        return Promise.resolve();
      },
    },
    { rounds: 9, warmUps: 2 },
  );
  await engine.stop();
  await store.close();
  bare.close?.();
  return [
    {
      name: `replay of ${REPLAYED} events, vs a SELECT that parses each row`,
      unit: "ms",
      ours: timings.ms("whole"),
      peer: timings.ms("bare"),
      ratio: timings.ratio("whole", "bare"),
      limit: FAST_ENOUGH,
    },
    {
      name: "attach with a tenth left, vs a tenth of the whole",
      unit: "ms",
      ours: timings.ms("last"),
      peer: timings.ms("whole") / 10,
      limit: 1.5,
    },
  ];
}

function heap(): number {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error("Run with --expose-gc");
  gc();
  gc();
  return process.memoryUsage().heapUsed;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));

/** What the runs keep, when they are there and some polls later. */
function memoryRows(what: string, count: number, before: number, early: number, late: number): Row[] {
  return [
    { name: `heap per ${what} (${count} of them)`, unit: "KB", ours: (early - before) / count / KB },
    {
      name: `heap of ${count} times ${what}, seconds later vs at first`,
      unit: "MB",
      ours: late / MB,
      peer: early / MB,
      compare: "difference",
      limit: 2,
    },
  ];
}

async function waitingRows(path: PathOf): Promise<Row[]> {
  const store = sqliteStore({ path: path("waiting") });
  const engine = engineOn(store, async function* () {
    yield textDelta("Shall I?");
    yield { type: "approval.requested", data: { toolName: "send", input: { to: "bob" } } };
  });
  engine.start();
  await pause(300);
  const before = heap();
  for (let n = 0; n < WAITING; n++) await open(engine);
  while (engine.stats().heldSlots > 0 || (await engine.list({ states: ["queued"] })).length > 0) await pause(50);
  await pause(300);
  const early = heap();
  await pause(2000);
  const late = heap();
  await engine.stop();
  await store.close();
  return memoryRows("run that waits for a person", WAITING, before, early, late);
}

async function livingRows(path: PathOf): Promise<Row[]> {
  const store = sqliteStore({ path: path("living") });
  let over = false;
  const engine = engineOn(
    store,
    async function* () {
      // More than a reader's tail keeps at once, then slowly.
      for (let n = 0; n < 600; n++) yield textDelta("word ");
      while (!over) {
        await pause(1000);
        yield textDelta("word ");
      }
    },
    { maxConcurrentRuns: LIVING },
  );
  engine.start();
  await pause(300);
  const before = heap();
  const readers: Promise<number>[] = [];
  for (let n = 0; n < LIVING; n++) readers.push(drain((await open(engine)).events));
  while (engine.stats().heldSlots < LIVING) await pause(50);
  await pause(3000);
  const early = heap();
  await pause(4000);
  const late = heap();
  over = true;
  await Promise.all(readers);
  await engine.stop();
  await store.close();
  return memoryRows("living run with one reader", LIVING, before, early, late);
}

async function openRow(path: PathOf): Promise<Row> {
  const create = (name: string): { store: RunStore; engine: RunEngine } => {
    const store = sqliteStore({ path: path(name) });
    return { store, engine: engineOn(store, () => deltas(1)) };
  };
  const full = create("open-full");
  const empty = create("open-empty");
  for (let from = 0; from < FINISHED; from += 5_000) {
    await full.store.transact((tx) => {
      for (let n = from; n < from + 5_000; n++) finish(tx, n);
    });
  }
  const openMany = async (engine: RunEngine): Promise<void> => {
    for (let n = 0; n < OPENS; n++) await drain((await open(engine)).events);
  };
  const timings = await interleave(
    { full: () => openMany(full.engine), empty: () => openMany(empty.engine) },
    { rounds: 9, warmUps: 2 },
  );
  for (const { engine, store } of [full, empty]) {
    await engine.stop();
    await store.close();
  }
  return {
    name: `open and read a turn beside ${FINISHED} finished runs, vs on an empty store`,
    unit: "µs",
    ours: (timings.ms("full") * 1000) / OPENS,
    peer: (timings.ms("empty") * 1000) / OPENS,
    ratio: timings.ratio("full", "empty"),
    limit: 1.5,
  };
}

function finish(tx: RunTransaction, n: number): void {
  const run = tx.insertRun({
    executionId: `old:${n}`,
    tenantId: "acme",
    sessionId: `old-${n % 1000}`,
    userId: "ada",
    turnIndex: n,
    agent: "default",
    priority: 0,
    createdAt: Date.now(),
    blocked: false,
  });
  tx.putDocument(run, "input", { message: "Hello", agent: "default" });
  tx.appendEvents(run, 1, ['{"type":"session.run.started","data":{}}', '{"type":"session.run.completed","data":{}}']);
  tx.updateRun(run, { state: "completed", lastEventId: 2, finishedAt: Date.now() });
}
