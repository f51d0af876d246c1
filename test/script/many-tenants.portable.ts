import { tools as inferenceTools } from "../../src/inference/index.ts";
import { macrotasksCanBeLost, nextMacrotask } from "../../src/internal/macrotask.ts";
import { loadScript } from "../../src/script/index.ts";
import type { ScriptEngine, Vm } from "../../src/script/index.ts";
import type { TestApi } from "../support/test-api.ts";
import { codeOf, testRuntime } from "./script-support.ts";
import { testEngine } from "./test-engine.ts";

const TENANTS = 200;
const ROUNDS = 3;
// What QuickJS needs at least: what one idle tenant costs is told by `npm run bench -- --only script-tenants`.
const memoryBytes = 16 * 1024 * 1024;

/** A tenant's script: it leaves its mark wherever it can, and tells what it finds there. */
const marks = (n: number): string => `
  import { tools as registry } from "turnwire";
  let state = 0;
  const found = () => ({
    global: globalThis.mark ?? null, prototype: Object.prototype.mark ?? null, symbol: globalThis[Symbol.for("mark")] ?? null,
    own: JSON.mark ?? null, pushed: Array.prototype.push.mark ?? null, state,
  });
  export const tools = [{
    name: "look",
    handler: async ({ round }, ctx) => {
      const before = found();
      globalThis.mark = ${n}; globalThis[Symbol.for("mark")] = ${n}; JSON.mark = ${n}; Array.prototype.push.mark = ${n}; state += ${n};
      Object.defineProperty(Object.prototype, "mark", { value: ${n}, configurable: true });
      const others = [${(n + 1) % TENANTS}, ${(n + TENANTS - 1) % TENANTS}].map((other) => {
        try { return registry.createRegistry().useHost("only-" + other).call("only-" + other); } catch (error) { return error.code; }
      });
      const mine = registry.createRegistry().useHost("secret", "only-${n}");
      return { before, others, secrets: [await mine.call("secret"), await mine.call("only-${n}", { round })] };
    },
  }];`;

/** An engine that tells of each slice of its VMs, before it: which VM it is, by the order of their making, and what it does. */
function watchedEngine(tell: (vm: number, operation: "open" | "enter") => void): ScriptEngine {
  const engine = testEngine();
  let made = 0;
  return {
    name: engine.name,
    async createVm(limits): Promise<Vm> {
      const vm = await engine.createVm(limits);
      const number = made++;
      return {
        open(...given) {
          tell(number, "open");
          return vm.open(...given);
        },
        enter(...given) {
          tell(number, "enter");
          return vm.enter(...given);
        },
        close: (context) => vm.close(context),
        dispose: () => vm.dispose(),
      };
    },
  };
}

export default function manyTenants({ describe, it, expect }: TestApi): void {
  describe(`script: ${TENANTS} tenants at once (V7)`, () => {
    it("each finds its own marks, its own state and its own host tools, and nothing of another's", async () => {
      const runtime = testRuntime({ limits: { maxVms: TENANTS, memoryBytes } });
      const loaded = await Promise.all(
        Array.from({ length: TENANTS }, (_, n) =>
          loadScript({
            source: marks(n),
            tenant: `tenant-${n}`,
            runtime,
            tools: inferenceTools
              .createRegistry()
              .register({ name: "secret", handler: () => `secret of ${n}` })
              .register({ name: `only-${n}`, handler: ({ round }: { round: number }) => `${n} in round ${round}` }),
          }),
        ),
      );
      expect(runtime.stats()).toMatchObject({ vms: TENANTS, scripts: TENANTS, calls: 0 });
      for (let round = 0; round < ROUNDS; round++) {
        const seen = await Promise.all(loaded.map(({ tools }) => tools.call("look", { round })));
        const mark = (n: number): number | null => (round === 0 ? null : n);
        expect(seen).toEqual(
          Array.from({ length: TENANTS }, (_, n) => ({
            before: {
              global: mark(n),
              prototype: mark(n),
              symbol: mark(n),
              own: mark(n),
              pushed: mark(n),
              state: n * round,
            },
            others: ["no-host", "no-host"],
            secrets: [`secret of ${n}`, `${n} in round ${round}`],
          })),
        );
      }
      await runtime.close({ graceMs: 0 });
      expect(runtime.stats()).toMatchObject({ vms: 0, scripts: 0, calls: 0 });
    }, 60_000);

    // Calls that are stopped at their limit, and calls that take care to stay below it.
    for (const [attack, names] of [
      ["endless", ["loop", "jobs", "sort"]],
      ["long", ["busy"]],
    ] as const) {
      it(`a hostile one with many ${attack} calls holds no other up for more than one slice at a time`, async () => {
        const { slices, slicesMeanwhile, codes } = await besiege(names);
        expect(slices.length).toBe(ATTACKS);
        // The event loop, and with it everybody else, had a turn between any two of its slices. On workerd a timer is due by
        // the time at which its event began, before the slice: now and then it comes before one that was set meanwhile.
        const inOneTurn = slices.map((turn) => slices.filter((other) => other === turn).length);
        expect(Math.max(...inOneTurn)).toBeLessThanOrEqual(macrotasksCanBeLost ? 2 : 1);
        // It was there all the time, had its own turns, and the others were served long before it was done.
        expect(slicesMeanwhile).toBeGreaterThan(0);
        expect(slicesMeanwhile).toBeLessThan(ATTACKS);
        const ends = attack === "long" ? ["done"] : ["script-timeout", "vm-lost"];
        expect(codes.filter((code) => !ends.includes(code))).toEqual([]);
      }, 60_000);
    }
  });
}

const HOSTILE = `
  export const loop = () => { for (;;); };
  export const jobs = async () => { for (;;) await null; };
  export const sort = () => { for (;;) Array.from({ length: 1e5 }, (_, i) => (i * 7919) % 1e5).sort((a, b) => a - b); };
  export const busy = () => { const end = Date.now() + 15; while (Date.now() < end); return "done"; };
`;

const VICTIMS = 24;
const ATTACKS = 12;

interface Siege {
  /** In which turn of the event loop the hostile tenant had each of its slices. */
  readonly slices: readonly number[];
  /** How many of them until the victims were served. */
  readonly slicesMeanwhile: number;
  readonly codes: readonly string[];
}

/** One tenant queues many calls at once, the others make one after the other. */
async function besiege(attacks: readonly string[]): Promise<Siege> {
  const slices: number[] = [];
  let turn = 0;
  const engine = watchedEngine((vm, operation) => {
    if (vm === 0 && operation === "enter") slices.push(turn);
  });
  const runtime = testRuntime({ engine, limits: { maxVms: VICTIMS + 1, memoryBytes, sliceMs: 50 } });
  const hostile = await runtime.openScript({ tenant: "mallory", source: HOSTILE });
  const good = await Promise.all(
    Array.from({ length: VICTIMS }, (_, n) =>
      runtime.openScript({ tenant: `tenant-${n}`, source: "let n = 0; export default () => ++n;" }),
    ),
  );
  const calls = Array.from({ length: ATTACKS }, async (_, n) => {
    const call = hostile.call(attacks[n % attacks.length] ?? "loop");
    return call.then(String, () => codeOf(call));
  });
  let isOver = false;
  const turning = (async () => {
    for (; !isOver; turn++) await nextMacrotask();
  })();
  const work = good.map(async (script) => {
    for (let count = 1; count <= ROUNDS; count++) {
      if ((await script.call("default")) !== count) throw new Error("A victim lost its state");
      // Its next call comes at any other time.
      await nextMacrotask();
    }
  });
  await Promise.all(work);
  const slicesMeanwhile = slices.length;
  const codes = await Promise.all(calls);
  isOver = true;
  await turning;
  await runtime.close({ graceMs: 0 });
  return { slices, slicesMeanwhile, codes };
}
