import { execFileSync } from "node:child_process";
import { createScriptRuntime, quickjs, type Script, type ScriptRuntime } from "../../src/script/index.ts";
import { projectFolder } from "../package/entries.ts";
import type { Row } from "./bench.ts";
import { median } from "./interleave.ts";
import type { TenantMemory } from "./script-tenants-memory.ts";

// Many tenants in one program: what an idle one costs in memory, and how long a hostile one can hold up another.

const SLICE_MS = 50;
const MEMORY_BYTES = 32 * 1024 * 1024;
const CALLS = 60;

export async function bench(): Promise<Row[]> {
  return [...memoryRows(), await inlineRow(), await processRow()];
}

function memoryRows(): Row[] {
  const [bare, ours, session] = [memoryOf("bare"), memoryOf("ours"), memoryOf("ours with a session")];
  const name = (what: string): string => `idle tenant: ${what}`;
  const unit = "B";
  const touched = (memory: TenantMemory): number => memory.touched ?? NaN;
  return [
    { name: name("resident, against bare QuickJS"), unit, ours: ours.rss, peer: bare.rss, limit: 1.3 },
    { name: name("host's heap, of that"), unit, ours: ours.heap, peer: bare.heap, limit: 1.3 },
    { name: name("WebAssembly memory touched, of that"), unit, ours: touched(ours), peer: touched(bare), limit: 1.3 },
    { name: name("WebAssembly memory reserved"), unit, ours: MEMORY_BYTES },
    { name: name("resident, with a session of its own"), unit, ours: session.rss },
    { name: name("WebAssembly memory touched, with a session"), unit, ours: touched(session) },
  ];
}

function memoryOf(kind: string): TenantMemory {
  const program = `${projectFolder}test/bench/script-tenants-memory.ts`;
  // Processes differ by what their allocators did at the start: the median of three.
  const samples = Array.from({ length: 3 }, () => {
    const output = execFileSync(process.execPath, ["--expose-gc", program, kind], { encoding: "utf8" });
    return JSON.parse(output) as TenantMemory;
  });
  const middle = (name: keyof TenantMemory): number => median(samples.map((sample) => sample[name] ?? NaN));
  return { rss: middle("rss"), heap: middle("heap"), touched: middle("touched") };
}

/** Against as many milliseconds of a plain loop on the host's thread: a machine that others use makes both of them longer. */
async function inlineRow(): Promise<Row> {
  const { runtime, hostile, victim } = await openTwo("inline");
  const [ours, peer]: number[][] = [[], []];
  for (let round = 0; round < 3; round++) {
    ours?.push(nineOfTen(await beside(hostile, () => timeCalls(victim))));
    peer?.push(nineOfTen(await besideLoop(() => timeCalls(victim))));
  }
  await runtime.close({ graceMs: 0 });
  const name = `another's call beside a hostile tenant, inline; beside a loop of ${SLICE_MS} ms`;
  return { name, unit: "ms", ours: median(ours ?? []), peer: median(peer ?? []), limit: 1.5 };
}

/** What nine of ten did not take longer than. */
function nineOfTen(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.9)] ?? NaN;
}

async function besideLoop<T>(work: () => Promise<T>): Promise<T> {
  let isOver = false;
  const loop = async (): Promise<void> => {
    while (!isOver) {
      const startedAt = cpuMs();
      while (cpuMs() - startedAt < SLICE_MS);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const looping = loop();
  const result = await work();
  isOver = true;
  await looping;
  return result;
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

async function processRow(): Promise<Row> {
  const { runtime, hostile, victim } = await openTwo("process");
  await timeCalls(victim);
  const alone = median(await timeCalls(victim));
  const together = median(await beside(hostile, () => timeCalls(victim)));
  await runtime.close({ graceMs: 0 });
  const name = "another's call beside a hostile tenant, in processes; alone";
  return { name, unit: "ms", ours: together, peer: alone, compare: "difference", limit: SLICE_MS / 10 };
}

async function openTwo(
  isolation: "inline" | "process",
): Promise<{ readonly runtime: ScriptRuntime; readonly hostile: Script; readonly victim: Script }> {
  const runtime = createScriptRuntime({ engine: quickjs(), isolation, limits: { sliceMs: SLICE_MS } });
  const source = `
    export const loop = () => { for (;;); };
    export const sort = () => { for (;;) Array.from({ length: 1e5 }, (_, i) => (i * 7919) % 1e5).sort((a, b) => a - b); };
    export const count = (n) => n + 1;`;
  const [hostile, victim] = await Promise.all(
    ["mallory", "alice"].map((tenant) => runtime.openScript({ tenant, source })),
  );
  if (hostile === undefined || victim === undefined) throw new Error("Two scripts were opened");
  return { runtime, hostile, victim };
}

/** Does it while a tenant has endless calls running and waiting all the time. */
async function beside<T>(hostile: Script, work: () => Promise<T>): Promise<T> {
  let isOver = false;
  const attack = async (name: string): Promise<void> => {
    while (!isOver) await hostile.call(name).catch(() => undefined);
  };
  const attacks = ["loop", "sort", "loop"].map(attack);
  const result = await work();
  isOver = true;
  await Promise.all(attacks);
  return result;
}

/** Milliseconds of each call, from when it should have come: a thread that is held up hears of it late. */
async function timeCalls(script: Script): Promise<number[]> {
  const times: number[] = [];
  for (let n = 0; n < CALLS; n++) {
    const waitMs = 1 + (n % 7);
    const due = performance.now() + waitMs;
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    await script.call("count", [n]);
    times.push(performance.now() - due);
  }
  return times;
}
