import { existsSync, readFileSync } from "node:fs";
import { guestModules } from "../../src/script/guest/guest-modules.ts";
import { createScriptRuntime, quickjs } from "../../src/script/index.ts";
import { bareContext, bareModule } from "./bare-quickjs.ts";

// What idle tenants cost, in a process of their own, as one line of JSON. Each has a VM, a script and one call behind it.

export interface TenantMemory {
  /** Bytes for each tenant. */
  readonly rss: number;
  readonly heap: number;
  /** Of its WebAssembly memory: what was ever touched. Undefined where the system does not tell. */
  readonly touched: number | undefined;
}

const TENANTS = 200;
const WARM_UP = 10;
const memoryBytes = 32 * 1024 * 1024;
const plain = "let n = 0; export const answer = () => ++n;";
const withSession = `
  import { createSession, engines, turns } from "turnwire";
  const session = createSession({ engine: engines.echo() });
  export const answer = () => session.run(turns.newTurn({ blocks: [turns.newUserBlock("hi")] })).blocks.length;`;

const kinds: Readonly<Record<string, () => Promise<(count: number) => Promise<unknown>>>> = {
  async bare() {
    const kept: unknown[] = [];
    return async (count) => {
      for (let n = 0; n < count; n++) {
        const context = bareContext(await bareModule(memoryBytes), plain, "answer");
        context.call("[]");
        kept.push(context);
      }
    };
  },
  ours: () => opener(plain, {}),
  "ours with a session": async () =>
    opener(withSession, await guestModules({ engines: [], resolvesEngines: false, tools: [] })),
};

async function opener(source: string, modules: Record<string, string>): Promise<(count: number) => Promise<unknown>> {
  const limits = { maxVms: TENANTS + WARM_UP, memoryBytes, sliceMs: 5_000 };
  const runtime = createScriptRuntime({ engine: quickjs(), limits });
  let opened = 0;
  return async (count) => {
    for (let n = 0; n < count; n++) {
      const script = await runtime.openScript({ tenant: `tenant-${opened++}`, source, modules });
      await script.call("answer");
    }
  };
}

interface Sample {
  readonly rss: number;
  readonly heap: number;
  readonly wasm: number | undefined;
}

async function sample(): Promise<Sample> {
  for (let n = 0; n < 3; n++) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const { rss, heapUsed } = process.memoryUsage();
  return { rss, heap: heapUsed, wasm: touchedWasm() };
}

/** What is resident of the mappings that have just the size of a VM's memory. */
function touchedWasm(): number | undefined {
  if (!existsSync("/proc/self/smaps")) return undefined;
  const smaps = readFileSync("/proc/self/smaps", "utf8");
  let bytes = 0;
  for (const [, size, rss] of smaps.matchAll(/^Size:\s+(\d+) kB\n(?:.*\n)*?Rss:\s+(\d+) kB/gm)) {
    if (Number(size) * 1024 === memoryBytes) bytes += Number(rss) * 1024;
  }
  return bytes;
}

const open = await kinds[process.argv[2] ?? ""]?.();
if (open === undefined) throw new Error(`Usage: script-tenants-memory.ts ${Object.keys(kinds).join(" | ")}`);
await open(WARM_UP);
const before = await sample();
await open(TENANTS);
const after = await sample();
const each = (name: "rss" | "heap"): number => Math.round((after[name] - before[name]) / TENANTS);
const touched =
  before.wasm === undefined || after.wasm === undefined ? undefined : Math.round((after.wasm - before.wasm) / TENANTS);
const report: TenantMemory = { rss: each("rss"), heap: each("heap"), touched };
process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit(0));
