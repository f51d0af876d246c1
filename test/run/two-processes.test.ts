import { existsSync, readFileSync } from "node:fs";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { isTerminal, type TurnEvent } from "../../src/event/turn-event.ts";
import { type RunStore } from "../../src/run/index.ts";
import { sqliteStore } from "../../src/sqlite/index.ts";
import { temporaryFolder } from "../sqlite/temporary-folder.ts";
import { answerTo, type HookLine, idOfTurn } from "./crash-turns.ts";
import { WorkerProcess } from "./worker-process.ts";

// Two real processes on one file.

const folder = temporaryFolder();
afterAll(() => folder.remove());

// `safe` agents answer the turns whose number is 1 modulo 6.
const SAFE = 1;
// Long enough that a busy machine does not take a living worker for a lost one.
const LEASE_MS = 1200;

let workers: WorkerProcess[] = [];
let store: RunStore | undefined;
afterEach(async () => {
  await Promise.all(workers.map((worker) => worker.kill()));
  await store?.close();
  workers = [];
});

let files = 0;

interface Pair {
  readonly a: WorkerProcess;
  readonly b: WorkerProcess;
  readonly hooks: () => HookLine[];
}

async function startPair(pauseMs: number): Promise<Pair> {
  const path = `${folder.path}/pair-${++files}.db`;
  const hookFile = `${path}.hooks`;
  const start = (): WorkerProcess => new WorkerProcess({ path, hookFile, pauseMs, leaseMs: LEASE_MS }, () => undefined);
  const [a, b] = [start(), start()];
  workers = [a, b];
  store = sqliteStore({ path });
  await Promise.all([a.ready, b.ready]);
  return {
    a,
    b,
    hooks: () =>
      existsSync(hookFile)
        ? readFileSync(hookFile, "utf8")
            .split("\n")
            .filter(Boolean)
            .map((line) => JSON.parse(line) as HookLine)
        : [],
  };
}

async function log(n: number): Promise<TurnEvent[]> {
  const events = await store?.transact((tx) => {
    const run = tx.getRun(idOfTurn(n));
    return run === undefined ? [] : tx.readEvents(run, 0, 100_000);
  });
  return events ?? [];
}

async function until(check: () => Promise<boolean>): Promise<void> {
  while (!(await check())) await new Promise((resolve) => setTimeout(resolve, 10));
}

const ended = async (n: number): Promise<boolean> => (await log(n)).some(isTerminal);

/** Which processes said something of the answer, in order, each once. */
function writers(events: readonly TurnEvent[]): unknown[] {
  const pids = events.flatMap(({ type, data }) => (type === "written" ? [data?.["pid"]] : []));
  return pids.filter((pid, index) => pid !== pids[index - 1]);
}

async function expectWhole(n: number, hooks: readonly HookLine[]): Promise<void> {
  const events = await log(n);
  expect(events.map(({ id }) => id)).toEqual(events.map((_, index) => String(index + 1)));
  expect(events.filter(isTerminal).map(({ type }) => type)).toEqual(["session.run.completed"]);
  expect(isTerminal(events.at(-1) ?? { type: "" })).toBe(true);
  const persists = hooks.filter(({ hook, executionId }) => hook === "persist" && executionId === idOfTurn(n));
  expect(persists.map(({ finalText }) => finalText)).toEqual([answerTo(n)]);
}

describe("two processes on one file", () => {
  it("R1: both work on what one of them was given, each on its own share", { timeout: 60_000 }, async () => {
    const { a, b, hooks } = await startPair(20);
    const turns = Array.from({ length: 24 }, (_, index) => SAFE + 6 * index);
    for (const n of turns) a.tell({ do: "open", n });
    for (const n of turns) await until(() => ended(n));
    const pids = new Set<unknown>();
    for (const n of turns) {
      const own = writers(await log(n));
      expect(own).toHaveLength(1);
      pids.add(own[0]);
      await expectWhole(n, hooks());
    }
    expect(pids).toEqual(new Set([a.pid, b.pid]));
  });

  it("R4, R5: one takes over what the other left when it was killed", { timeout: 60_000 }, async () => {
    const { a, b, hooks } = await startPair(60);
    a.tell({ do: "open", n: SAFE });
    await until(async () => writers(await log(SAFE)).length > 0);
    const [owner] = writers(await log(SAFE));
    const [victim, heir] = owner === a.pid ? [a, b] : [b, a];
    await victim.kill();
    await until(() => ended(SAFE));
    expect(writers(await log(SAFE))).toEqual([victim.pid, heir.pid]);
    await expectWhole(SAFE, hooks());
  });

  it(
    "S9: an owner that stood still until another took over writes nothing and runs no hook",
    { timeout: 60_000 },
    async () => {
      const { a, b, hooks } = await startPair(60);
      a.tell({ do: "open", n: SAFE });
      await until(async () => writers(await log(SAFE)).length > 0);
      const [owner] = writers(await log(SAFE));
      const [stalled, heir] = owner === a.pid ? [a, b] : [b, a];
      stalled.signal("SIGSTOP");
      await until(async () => (await log(SAFE)).some(({ type }) => type === "run.restarted"));
      stalled.signal("SIGCONT");
      await until(() => ended(SAFE));
      // Time enough for the old owner's agent to come to its own end.
      await new Promise((resolve) => setTimeout(resolve, 1500));
      const events = await log(SAFE);
      expect(writers(events)).toEqual([stalled.pid, heir.pid]);
      await expectWhole(SAFE, hooks());
      expect(new Set(hooks().map(({ pid }) => pid))).toEqual(new Set([heir.pid]));
      // It is none the worse for it: it works on.
      stalled.tell({ do: "open", n: SAFE + 6 });
      await until(() => ended(SAFE + 6));
    },
  );
});
