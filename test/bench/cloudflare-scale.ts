import { bundleWorker } from "../cloudflare/bundle-worker.ts";
import type { Row } from "./bench.ts";
import { attachTurn, play, type PlayedTurn, startTurn } from "./cloudflare/bench-turn.ts";
import { startWorkerd, type WorkerdProcess, writeWorkerFolder } from "./cloudflare/start-workerd.ts";
import { interleave } from "./interleave.ts";

// What one object carries, and how many objects one workerd does. An event lost is an error. The client runs on the same
// machine, so the figures are lower than an object's own.

const BURST = 20_000;
/** 50 events a second, for five seconds. */
const PACED = { events: 250, everyMs: 20 };
const READERS = 20;
/** Of the engine's own. */
const MORE_LINES = 5;

export async function bench(): Promise<Row[]> {
  const rows: Row[] = [];
  await inWorkerd(async (workerd) => rows.push(...(await bursts(workerd))));
  for (const turns of [1, 16, 64, 256]) {
    rows.push(...(await paced(`${turns} turns of 50 events a second in one object`, turns, () => "one")));
  }
  for (const sessions of [16, 64, 256]) {
    rows.push(...(await paced(`${sessions} objects with such a turn each`, sessions, (n) => `own-${n}`)));
  }
  for (const readers of [20, 100, 400]) rows.push(await manyReaders(readers));
  return rows;
}

async function inWorkerd(body: (workerd: WorkerdProcess) => Promise<unknown>): Promise<void> {
  const bundle = await bundleWorker(new URL("./cloudflare/scale-worker.ts", import.meta.url), { minify: true });
  const folder = writeWorkerFolder(bundle, { objects: ["TurnObject", "BareObject"] });
  const workerd = await startWorkerd(folder);
  try {
    await body(workerd);
  } finally {
    await workerd.stop();
    folder.remove();
  }
}

async function bursts({ url }: WorkerdProcess): Promise<Row[]> {
  const turn = { events: BURST, everyMs: 0 };
  let turnIndex = 0;
  const readBy = async (readers: number): Promise<void> => {
    const address = { url, sessionId: "burst", turnIndex: turnIndex++ };
    const others: Promise<PlayedTurn>[] = [];
    const first = startTurn(address, turn, () => {
      // The others come as soon as there is something to attach to.
      while (others.length < readers - 1) others.push(attachTurn(address));
    });
    checkTurns([await first, ...(await Promise.all(others))], BURST);
  };
  const timings = await interleave(
    {
      one: () => readBy(1),
      many: () => readBy(READERS),
      bare: async () => {
        const { lines } = await play("POST", `${url}/bare/burst`, JSON.stringify(turn));
        if (lines !== BURST) throw new Error(`The bare object sent ${lines} lines`);
      },
    },
    { rounds: 7, warmUps: 2 },
  );
  const perSecond = (name: "one" | "many", readers: number): string =>
    `${Math.round((BURST * readers) / timings.ms(name)).toFixed(0)},000 events/s delivered`;
  return [
    {
      name: `${BURST} events at once, 1 reader, vs a bare object that streams the same lines (${perSecond("one", 1)})`,
      unit: "µs/event",
      ours: (timings.ms("one") * 1000) / BURST,
      peer: (timings.ms("bare") * 1000) / BURST,
      ratio: timings.ratio("one", "bare"),
    },
    {
      name: `the same with ${READERS} readers vs with 1 (${perSecond("many", READERS)})`,
      unit: "µs/event",
      ours: (timings.ms("many") * 1000) / BURST,
      peer: (timings.ms("one") * 1000) / BURST,
      ratio: timings.ratio("many", "one"),
      // No more than the same again for each.
      limit: READERS,
    },
  ];
}

/** How late events come when so many turns are at work. */
async function paced(name: string, turns: number, sessionOf: (n: number) => string): Promise<Row[]> {
  const lags: number[] = [];
  let memoryMb = NaN;
  let cpu = NaN;
  let seconds = NaN;
  await inWorkerd(async (workerd) => {
    const { url } = workerd;
    // Each object has its tables before the rest begins. Here they are one disk's work; elsewhere they are not.
    await makeObjects(url, new Set(Array.from({ length: turns }, (_, n) => sessionOf(n))));
    const startedAt = performance.now();
    const before = workerd.cpuMs();
    const played = Array.from({ length: turns }, (_, n) =>
      startTurn({ url, sessionId: sessionOf(n), turnIndex: n + 1 }, PACED, (chunk) => noteLag(chunk, lags)),
    );
    checkTurns(await Promise.all(played), PACED.events);
    seconds = (performance.now() - startedAt) / 1000;
    cpu = (workerd.cpuMs() - before) / 1000 / seconds;
    memoryMb = workerd.rssMb();
  });
  const figures = `${memoryMb.toFixed(0)} MB, ${(cpu * 100).toFixed(0)} % of a core for ${seconds.toFixed(1)} s`;
  return [
    { name: `${name}: delay from the agent to the reader, p50 (${figures})`, unit: "ms", ours: percentile(lags, 0.5) },
    { name: `${name}: p99`, unit: "ms", ours: percentile(lags, 0.99) },
  ];
}

/** A few at a time: workerd gives up on requests that it has not read for 15 seconds. */
async function makeObjects(url: string, sessions: ReadonlySet<string>): Promise<void> {
  const left = [...sessions];
  const makeSome = async (): Promise<void> => {
    for (let sessionId = left.pop(); sessionId !== undefined; sessionId = left.pop()) {
      checkTurns([await startTurn({ url, sessionId, turnIndex: 0 }, { events: 1, everyMs: 0 })], 1);
    }
  };
  await Promise.all(Array.from({ length: 8 }, makeSome));
}

async function manyReaders(readers: number): Promise<Row> {
  const lags: number[] = [];
  await inWorkerd(async ({ url }) => {
    const address = { url, sessionId: "readers", turnIndex: 0 };
    const others: Promise<PlayedTurn>[] = [];
    const first = startTurn(address, PACED, (chunk) => {
      noteLag(chunk, lags);
      while (others.length < readers - 1) others.push(attachTurn(address));
    });
    checkTurns([await first, ...(await Promise.all(others))], PACED.events);
  });
  return {
    name: `a turn of 50 events a second with ${readers} readers: delay, p99`,
    unit: "ms",
    ours: percentile(lags, 0.99),
  };
}

function noteLag(chunk: Buffer, lags: number[]): void {
  const now = Date.now();
  for (const [, at] of chunk.toString().matchAll(/ at (\d{13})"/g)) lags.push(now - Number(at));
}

function checkTurns(turns: readonly PlayedTurn[], events: number): void {
  for (const { lines, completed } of turns) {
    if (lines !== events + MORE_LINES || !completed) throw new Error(`A reader got ${lines} lines of ${events}`);
  }
}

function percentile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? NaN;
}
