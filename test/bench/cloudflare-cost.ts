import { deriveExecutionId } from "turnwire";
import { bundleWorker } from "../cloudflare/bundle-worker.ts";
import type { Row } from "./bench.ts";
import type { BenchTurn } from "./cloudflare/bench-agent.ts";
import type { ObjectUsage } from "./cloudflare/object-usage.ts";
import { readLines } from "./cloudflare/read-lines.ts";
import { startWorkerd, type WorkerdProcess, writeWorkerFolder } from "./cloudflare/start-workerd.ts";

// What a turn of 300 events uses of what Cloudflare charges for, counted in a real workerd by a meter around the
// object's storage, and what that comes to.

const EVENTS = 300;
/** 50 events a second. */
const PACE_MS = 20;

/**
 * Dollars, beyond what the Workers Paid plan includes; read in November 2026 from
 * developers.cloudflare.com/durable-objects/platform/pricing and developers.cloudflare.com/workers/platform/pricing.
 */
const PRICES = {
  workerRequest: 0.3e-6,
  workerCpuMs: 0.02e-6,
  objectRequest: 0.15e-6,
  objectGbSecond: 12.5e-6,
  rowWritten: 1e-6,
  rowRead: 0.001e-6,
};
/** Charged whatever an object really takes. */
const OBJECT_GB = 0.128;

/** What one turn used. */
export interface TurnUsage extends Pick<
  ObjectUsage,
  "fetches" | "alarms" | "transactions" | "rowsWritten" | "rowsRead" | "heldMs" | "statements"
> {
  readonly workerRequests: number;
}

interface Scenario {
  readonly turn: BenchTurn;
  /** Plays the turn to its end; returns how many requests the Worker got. */
  readonly play: (call: TurnCall) => Promise<number>;
  /** Whether the events of the turn before are deleted. */
  readonly trims?: boolean;
}

interface TurnCall {
  readonly url: string;
  readonly sessionId: string;
  readonly turnIndex: number;
  readonly turn: BenchTurn;
}

const scenarios: Readonly<Record<string, Scenario>> = {
  "all at once": { turn: { events: EVENTS, everyMs: 0 }, play: playThrough },
  "50 events a second": { turn: { events: EVENTS, everyMs: PACE_MS }, play: playThrough },
  "20 events a second": { turn: { events: EVENTS, everyMs: 50 }, play: playThrough },
  "50 a second, one approval": { turn: { events: EVENTS, everyMs: PACE_MS, asks: true }, play: playWithApproval },
  "50 a second, events deleted later": {
    turn: { events: EVENTS, everyMs: PACE_MS },
    play: playThrough,
    trims: true,
  },
  "50 a second, two reconnects": { turn: { events: EVENTS, everyMs: PACE_MS }, play: playWithReconnects },
};

export async function bench(): Promise<Row[]> {
  const bundle = await bundleWorker(new URL("./cloudflare/cost-worker.ts", import.meta.url));
  const folder = writeWorkerFolder(bundle, { objects: ["KeptTurnObject", "TrimmedTurnObject"] });
  const workerd = await startWorkerd(folder);
  try {
    const measured = await Promise.all(
      Object.entries(scenarios).map(async ([name, scenario]) => ({
        name,
        ...(await measure(workerd, name, scenario)),
      })),
    );
    // A Worker whose client has left is ended with its timers, of which nobody hears: they are not the objects'.
    const lost = await timersOf(workerd);
    const cpuMs = await cpuPerTurn(workerd);
    const timers = await timersLeft(workerd, lost);
    for (const { name, first, later } of measured) printUsage(name, first, later);
    printPrices(measured, cpuMs);
    const rows = measured.flatMap(({ name, first, later }): Row[] => [
      // Well below one row per event, also where each word is stored as it comes.
      { name: `${name}: rows written per event`, unit: "rows", ours: later.rowsWritten / EVENTS, peer: 1, limit: 0.4 },
      { name: `${name}: rows written per turn`, unit: "rows", ours: later.rowsWritten },
      { name: `${name}: rows written by a session's first turn`, unit: "rows", ours: first.rowsWritten },
      { name: `${name}: rows read per turn`, unit: "rows", ours: later.rowsRead },
      { name: `${name}: 1,000 turns`, unit: "$", ours: 1000 * sum(costOf(later, cpuMs)) },
    ]);
    // Where none is left an object may sleep.
    const left = { name: "timers that hold an object after its turns", unit: "", ours: timers, peer: 0, limit: 0 };
    return [...rows, { ...left, compare: "difference" }];
  } finally {
    await workerd.stop();
    folder.remove();
  }
}

/** A session's first turn, which makes its tables, and one of the later ones; each with the alarm that follows it. */
async function measure(
  workerd: WorkerdProcess,
  name: string,
  { turn, play, trims = false }: Scenario,
): Promise<{ readonly first: TurnUsage; readonly later: TurnUsage }> {
  const sessionId = name.replaceAll(/\W+/g, "-");
  const url = `${workerd.url}/${trims ? "trimmed" : "kept"}`;
  const playOne = async (turnIndex: number): Promise<TurnUsage> => {
    const before = await usageOf(url, sessionId);
    const workerRequests = await play({ url, sessionId, turnIndex, turn });
    const after = await quietUsage(url, sessionId, before.alarms);
    return difference(before, after, workerRequests);
  };
  const first = await playOne(0);
  await playOne(1);
  return { first, later: await playOne(2) };
}

async function usageOf(url: string, sessionId: string): Promise<ObjectUsage> {
  const response = await fetch(`${url}/usage/${encodeURIComponent(`acme@${sessionId}`)}`);
  return (await response.json()) as ObjectUsage;
}

/** The usage once the alarm after a turn has gone off and nothing holds the object. */
async function quietUsage(url: string, sessionId: string, alarmsBefore: number): Promise<ObjectUsage> {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 250));
    const usage = await usageOf(url, sessionId);
    if (usage.alarms > alarmsBefore && usage.holders === 0) return usage;
  }
}

function difference(before: ObjectUsage, after: ObjectUsage, workerRequests: number): TurnUsage {
  const statements: Record<string, { times: number; written: number; read: number }> = {};
  for (const [sql, used] of Object.entries(after.statements)) {
    const earlier = before.statements[sql];
    const times = used.times - (earlier?.times ?? 0);
    if (times > 0) {
      statements[sql] = {
        times,
        written: used.written - (earlier?.written ?? 0),
        read: used.read - (earlier?.read ?? 0),
      };
    }
  }
  return {
    workerRequests,
    fetches: after.fetches - before.fetches,
    alarms: after.alarms - before.alarms,
    transactions: after.transactions - before.transactions,
    rowsWritten: after.rowsWritten - before.rowsWritten,
    rowsRead: after.rowsRead - before.rowsRead,
    heldMs: after.heldMs - before.heldMs,
    statements,
  };
}

function start({ url, sessionId, turnIndex, turn }: TurnCall): Promise<Response> {
  return fetch(`${url}/turns`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ sessionId, turnIndex, message: JSON.stringify(turn) }),
  });
}

function executionOf({ sessionId, turnIndex }: TurnCall): string {
  return deriveExecutionId({ tenantId: "acme", projectId: "bench", sessionId, turnIndex });
}

function eventsUrl(call: TurnCall, after?: string): string {
  const from = after === undefined ? "" : `?after=${after}`;
  return `${call.url}/turns/${encodeURIComponent(executionOf(call))}/events${from}`;
}

async function playThrough(call: TurnCall): Promise<number> {
  checkEnd(await readLines(await start(call)));
  return 1;
}

async function playWithReconnects(call: TurnCall): Promise<number> {
  const { last } = await readLines(await start(call), (_, count) => count >= EVENTS / 3);
  const second = await readLines(await fetch(eventsUrl(call, idOf(last))), (_, count) => count >= EVENTS / 3);
  checkEnd(await readLines(await fetch(eventsUrl(call, idOf(second.last)))));
  return 3;
}

async function playWithApproval(call: TurnCall): Promise<number> {
  // One request reads on past the question; the decision is one of its own.
  let decided: Promise<Response> | undefined;
  const end = await readLines(await start(call), (line) => {
    const { type, data } = JSON.parse(line) as { type: string; data?: { state?: string } };
    if (type === "run.state.changed" && data?.state === "waiting_for_approval") {
      const execution = executionOf(call);
      decided = fetch(
        `${call.url}/turns/${encodeURIComponent(execution)}/approvals/${encodeURIComponent(`${execution}.1`)}`,
        {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ decision: "approve" }),
        },
      );
    }
    return false;
  });
  const answer = await decided;
  if (answer?.ok !== true) throw new Error(`The decision was not taken: ${await answer?.text()}`);
  checkEnd(end);
  return 2;
}

function checkEnd({ last }: { readonly last: string }): void {
  if (!last.includes('"session.run.completed"')) throw new Error(`A turn ended with ${last}`);
}

function idOf(line: string): string {
  return (JSON.parse(line) as { id: string }).id;
}

/** The timers that stay, once the turns and the alarms after them are over. */
async function timersLeft(workerd: WorkerdProcess, lost: number): Promise<number> {
  for (let tries = 1; ; tries++) {
    const timers = (await timersOf(workerd)) - lost;
    if (timers <= 0 || tries === 40) return timers;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

async function timersOf({ url }: WorkerdProcess): Promise<number> {
  return (await (await fetch(`${url}/kept/timers`)).json()) as number;
}

/** Processor time of Worker and object together; only the Worker's is charged, so this is the most it can be. */
async function cpuPerTurn(workerd: WorkerdProcess): Promise<number> {
  const turn = { events: EVENTS, everyMs: PACE_MS };
  const turns = 50;
  const play = (name: string): Promise<unknown> =>
    Promise.all(
      Array.from({ length: turns }, (_, n) =>
        playThrough({ url: `${workerd.url}/kept`, sessionId: `cpu-${name}-${n}`, turnIndex: 0, turn }),
      ),
    );
  await play("warm-up");
  const before = workerd.cpuMs();
  await play("measured");
  return (workerd.cpuMs() - before) / turns;
}

type Cost = Readonly<Record<"worker" | "requests" | "duration" | "rows written" | "rows read", number>>;

function costOf(usage: TurnUsage, cpuMs: number): Cost {
  return {
    worker: usage.workerRequests * PRICES.workerRequest + cpuMs * PRICES.workerCpuMs,
    requests: (usage.fetches + usage.alarms) * PRICES.objectRequest,
    duration: (usage.heldMs / 1000) * OBJECT_GB * PRICES.objectGbSecond,
    "rows written": usage.rowsWritten * PRICES.rowWritten,
    "rows read": usage.rowsRead * PRICES.rowRead,
  };
}

function sum(cost: Cost): number {
  return Object.values(cost).reduce((total, one) => total + one, 0);
}

function printUsage(name: string, first: TurnUsage, later: TurnUsage): void {
  console.log(`  ${name}: first turn ${first.rowsWritten} rows written; a later one:`);
  const rows = Object.entries(later.statements).sort(([, a], [, b]) => b.written - a.written || b.read - a.read);
  for (const [sql, { times, written, read }] of rows) {
    console.log(`    ${String(written).padStart(4)} written ${String(read).padStart(5)} read in ${times}: ${sql}`);
  }
}

function printPrices(measured: readonly { readonly name: string; readonly later: TurnUsage }[], cpuMs: number): void {
  console.log(`  At most ${cpuMs.toFixed(1)} ms of the Worker's processor time per paced turn`);
  const titles = ["per turn", "rows written", "rows read", "requests", "held", "transactions", "$ per 1,000 turns"];
  console.log(`  | ${titles.join(" | ")} |\n  |${" --- |".repeat(titles.length)}`);
  for (const { name, later } of measured) {
    const cost = costOf(later, cpuMs);
    const dollars = Object.entries(cost).map(([what, amount]) => `${what} ${(1000 * amount).toFixed(4)}`);
    const cells = [
      name,
      later.rowsWritten,
      later.rowsRead,
      `${later.workerRequests} + ${later.fetches} + ${later.alarms} alarms`,
      `${(later.heldMs / 1000).toFixed(2)} s`,
      later.transactions,
      `**${(1000 * sum(cost)).toFixed(3)}** (${dollars.join(", ")})`,
    ];
    console.log(`  | ${cells.join(" | ")} |`);
  }
}
