import type { ScriptEngine, Vm, VmReply } from "../../src/script/index.ts";
import { createDeferred } from "../../src/internal/deferred.ts";
import type { TestApi } from "../support/test-api.ts";
import { codeOf, testRuntime, withScript } from "./script-support.ts";
import { testEngine } from "./test-engine.ts";

/** The engine under test with a VM that fails like one whose WebAssembly trapped, once, when told to. */
function failingEngine(): { engine: ScriptEngine; fail: (how: () => VmReply) => void; made: () => number } {
  const inner = testEngine();
  let next: (() => VmReply) | undefined;
  let made = 0;
  const createVm: ScriptEngine["createVm"] = async (limits) => {
    made += 1;
    const vm = await inner.createVm(limits);
    const wrapped: Vm = {
      open: (...args) => vm.open(...args),
      enter: (...args) => {
        const how = next;
        next = undefined;
        return how === undefined ? vm.enter(...args) : how();
      },
      close: (context) => vm.close(context),
      dispose: () => vm.dispose(),
    };
    return wrapped;
  };
  return { engine: { name: "failing", createVm }, fail: (how) => (next = how), made: () => made };
}

const traps: Record<string, () => VmReply> = {
  "reports that it is lost": () => ({
    messages: [],
    stopped: { code: "vm-lost", message: "memory access out of bounds", wholeVm: true },
  }),
  throws: () => {
    throw new Error("memory access out of bounds");
  },
  "says what makes no sense": () => ({ messages: ["?? \n{"] }),
};

export default function scriptLost({ describe, it, expect }: TestApi): void {
  describe("script: a VM that fails (V6)", () => {
    for (const [how, trap] of Object.entries(traps)) {
      it(`is thrown away when it ${how}: its other calls fail with vm-lost, the next call finds a new one`, async () => {
        const { engine, fail, made } = failingEngine();
        const aborted: unknown[] = [];
        const host = {
          hold: (_: readonly unknown[], { signal }: { signal: AbortSignal }) =>
            new Promise(() => signal.addEventListener("abort", () => aborted.push(signal.reason))),
        };
        const runtime = testRuntime({ engine, host });
        const one = await runtime.openScript({
          source: "export const wait = () => hold(); export const ok = () => 1;",
        });
        const two = await runtime.openScript({
          source: "export const wait = () => hold(); export const ok = () => 2;",
        });
        const waiting = [codeOf(one.call("wait")), codeOf(two.call("wait"))];
        await one.call("ok");
        fail(trap);
        const hit = codeOf(one.call("ok"));
        const behind = two.call("ok");
        expect(await hit).toBe("vm-lost");
        expect(await Promise.all(waiting)).toEqual(["vm-lost", "vm-lost"]);
        expect(await behind).toBe(2);
        expect(await one.call("ok")).toBe(1);
        expect(aborted).toHaveLength(2);
        expect(made()).toBe(2);
        await runtime.close();
      });
    }

    it("lets calls that wait behind a script's endless loop through to its next context", async () => {
      const source = "let n = 0; export const loop = () => { for (;;); }; export const count = () => ++n;";
      const limits = { sliceMs: 100 };
      await withScript(
        source,
        async (script) => {
          await script.call("count");
          const results = await Promise.all([codeOf(script.call("loop")), script.call("count"), script.call("count")]);
          expect(results).toEqual(["script-timeout", 1, 2]);
        },
        { limits },
      );
    });

    it("fails what waits in a context with vm-lost when another call ends it", async () => {
      const source = "export const wait = () => new Promise(() => {}); export const loop = () => { for (;;); };";
      await withScript(
        source,
        async (script) => {
          const waiting = codeOf(script.call("wait"));
          expect(await codeOf(script.call("loop"))).toBe("script-timeout");
          expect(await waiting).toBe("vm-lost");
        },
        { limits: { sliceMs: 100 } },
      );
    });

    it("is asked again after an engine could not make one", async () => {
      const inner = testEngine();
      let attempts = 0;
      const engine: ScriptEngine = {
        name: "shy",
        createVm: (limits) => ((attempts += 1) === 1 ? Promise.reject(new Error("no memory")) : inner.createVm(limits)),
      };
      const runtime = testRuntime({ engine });
      await expect(runtime.openScript({ source: "1" })).rejects.toThrow("no memory");
      // Nothing of the first one is left, its tenant's owner included.
      expect(runtime.stats()).toEqual({ vms: 0, scripts: 0, calls: 0, owners: {} });
      const script = await runtime.openScript({ source: "export default () => 1" });
      expect(await script.call("default")).toBe(1);
      expect(runtime.stats().vms).toBe(1);
      await runtime.close();
    });

    it("leaves no tenant behind who went before an engine could not make it", async () => {
      const made = createDeferred<Vm>();
      const runtime = testRuntime({ engine: { name: "late", createVm: () => made.promise } });
      const impatience = new AbortController();
      const opening = codeOf(runtime.openScript({ source: "1", signal: impatience.signal }));
      impatience.abort();
      expect(await opening).toBe("canceled");
      made.reject(new Error("no memory"));
      await runtime.openScript({ source: "1", tenant: "next" }).catch(() => undefined);
      expect(runtime.stats()).toEqual({ vms: 0, scripts: 0, calls: 0, owners: {} });
      await runtime.close();
    });
  });

  describe("script: limits (V6)", () => {
    it("bound source, messages both ways, pending calls and queued calls, each with script-limit", async () => {
      const limits = { sourceBytes: 300, messageBytes: 1_000, maxPendingCalls: 3, maxQueuedCalls: 5 };
      const runtime = testRuntime({
        limits,
        host: { hold: () => new Promise(() => {}), big: () => "x".repeat(2_000) },
      });
      expect(await codeOf(runtime.openScript({ source: `// ${"x".repeat(400)}` }))).toBe("script-limit");
      const modules = { a: `// ${"x".repeat(280)}` };
      expect(await codeOf(runtime.openScript({ source: "export default () => 1;", modules }))).toBe("script-limit");
      const script = await runtime.openScript({
        source: `export const echo = (v) => v, repeat = (n) => "€".repeat(n), wait = () => hold();
          export const many = (n) => { for (let i = 0; i < n; i++) hold(); }
          export const ask = async () => { try { await big(); } catch (e) { return e.message; } }`,
      });
      expect(await codeOf(script.call("echo", ["x".repeat(1_000)]))).toBe("script-limit");
      expect(await codeOf(script.call("echo", ["€".repeat(400)]))).toBe("script-limit");
      expect(await script.call("echo", ["x".repeat(900)])).toHaveLength(900);
      expect(await codeOf(script.call("repeat", [1_100]))).toBe("script-limit");
      expect(await script.call("ask")).toMatch(/longer than 1000 bytes/);
      expect(await script.call("many", [3])).toBe(undefined);
      expect(await codeOf(script.call("many", [1]))).toBe("script-limit");
      // The script is evaluated anew, which is a call as well.
      expect(await script.call("echo", [1])).toBe(1);
      const waiting = Array.from({ length: 3 }, () => script.call("wait").catch(() => undefined));
      const more = Array.from({ length: 3 }, () => codeOf(script.call("echo", [1])).catch(() => "fine"));
      expect(await Promise.all(more)).toEqual(["fine", "fine", "script-limit"]);
      await runtime.close({ graceMs: 0 });
      await Promise.all(waiting);
    });

    it("fail what is too long alone, in any alphabet, and leave its script as it is", async () => {
      const source = `
        let calls = 0;
        export const repeat = (n) => (calls++, "你".repeat(n)), count = () => calls;
        export const give = async (n) => { try { return await size("你".repeat(n)); } catch (e) { return e.message; } };
      `;
      const host = { size: ([text]: readonly unknown[]) => String(text).length };
      await withScript(
        source,
        async (script) => {
          // As JSON, with quotes and brackets, no character more would be allowed.
          expect(await script.call("repeat", [99_999])).toHaveLength(99_999);
          expect(await script.call("give", [99_998])).toBe(99_998);
          for (const n of [100_000, 200_000]) {
            expect(await codeOf(script.call("repeat", [n]))).toBe("script-limit");
            expect(await script.call("give", [n])).toMatch("longer than 300000 bytes");
          }
          expect(await script.call("count")).toBe(3);
        },
        { host, limits: { messageBytes: 300_000 } },
      );
    });

    it("give a short slice to code and none to waiting", async () => {
      const host = {
        later: () => new Promise((resolve) => setTimeout(() => resolve(1), 150)),
        // The host's own work between two slices is none of the script's. Counted too, for clocks that stand still meanwhile.
        busy: () => {
          const end = performance.now() + 150;
          for (let n = 0; n < 5e6 && performance.now() < end; n++);
          return 2;
        },
      };
      const source = `
        export const wait = async () => [await later(), await busy(), await busy()];
        export const spin = () => { for (;;); };`;
      await withScript(
        source,
        async (script) => {
          expect(await script.call("wait")).toEqual([1, 2, 2]);
          expect(await codeOf(script.call("spin"))).toBe("script-timeout");
        },
        { host, limits: { sliceMs: 60 } },
      );
    });
  });
}
