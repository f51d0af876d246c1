import { isTurnError } from "../../src/index.ts";
import type { Script, ScriptEngine } from "../../src/script/index.ts";
import { createDeferred } from "../../src/internal/deferred.ts";
import type { TestApi } from "../support/test-api.ts";
import { callbackChain } from "./callback-chain.ts";
import { codeOf, testRuntime, turnErrorOf, withScript } from "./script-support.ts";
import { testEngine } from "./test-engine.ts";

export default function scriptOrder({ describe, it, expect }: TestApi): void {
  describe("script: order (V1, V4)", () => {
    it("runs calls first come first served, each with its jobs to the end before the next", async () => {
      const source = `
        const log = [];
        export const run = async (n) => { log.push("start " + n); await null; await null; log.push("end " + n); };
        export const read = () => log;
      `;
      await withScript(source, async (script) => {
        await Promise.all([1, 2, 3].map((n) => script.call("run", [n])));
        expect(await script.call("read")).toEqual(["start 1", "end 1", "start 2", "end 2", "start 3", "end 3"]);
      });
    });

    it("starts host functions only after the script's stack has unwound", async () => {
      const source = `
        let depth = 0;
        export const run = async () => { depth++; const pending = look(); depth--; return await pending; };
        export const depthNow = () => depth;
      `;
      let inCall = false;
      const host = { look: () => inCall };
      await withScript(
        source,
        async (script) => {
          inCall = true;
          const call = script.call("run");
          inCall = false;
          expect(await call).toBe(false);
        },
        { host },
      );
    });

    it("does not deadlock when script and host call each other twenty deep while others queue", async () => {
      const log = await callbackChain(testRuntime(), 20, 50);
      expect(log.slice(0, 3)).toEqual(["down 20", "other 0", "other 1"]);
      expect(log.at(-1)).toBe("result 20");
      expect(log.filter((line) => line.startsWith("other"))).toHaveLength(50);
      expect(log.indexOf("down 19")).toBeGreaterThan(log.indexOf("other 49"));
    });

    it("pumps jobs at depth zero only: a promise of the script settles before the host hears of the call's end", async () => {
      const source = `export default () => { const order = ["sync"]; Promise.resolve().then(() => order.push("job")); return new Promise((r) => queueMicrotask(() => r(order))); };`;
      await withScript(source, async (script) => expect(await script.call("default")).toEqual(["sync", "job"]));
    });

    it("keeps two hundred interleaved calls with host calls apart", async () => {
      const host = { echo: async ([value]: readonly unknown[]) => (await Promise.resolve(), value) };
      const source =
        "export default async (n) => { let sum = 0; for (let i = 0; i < 5; i++) sum += await echo(n); return sum; };";
      await withScript(
        source,
        async (script) => {
          const results = await Promise.all(Array.from({ length: 200 }, (_, n) => script.call("default", [n])));
          expect(results).toEqual(Array.from({ length: 200 }, (_, n) => n * 5));
        },
        { host },
      );
    });
  });

  describe("script: cancel and time (V3, V6)", () => {
    it("never runs a call that was canceled while it waited", async () => {
      const source = "let ran = 0; export const run = () => ++ran; export const count = () => ran;";
      await withScript(source, async (script) => {
        const abort = new AbortController();
        const first = script.call("run");
        const second = script.call("run", [], { signal: abort.signal });
        abort.abort();
        expect(await codeOf(second)).toBe("canceled");
        await first;
        expect(await script.call("count")).toBe(1);
        expect(await codeOf(script.call("run", [], { signal: AbortSignal.abort() }))).toBe("canceled");
        expect(await script.call("count")).toBe(1);
      });
    });

    it("lets no script go on for ever after its call was canceled, whatever it catches", async () => {
      const source = `
        let tries = 0;
        export const persist = async () => { for (;;) try { await wait(); } catch { tries++; } };
        export const count = () => tries;
        export const ask = () => echo();
      `;
      const host = { wait: () => new Promise(() => undefined), echo: () => "heard" };
      await withScript(
        source,
        async (script) => {
          // More of them than calls may be pending: what was forgotten does not count as such.
          for (let round = 1; round <= 3; round++) {
            const abort = new AbortController();
            const call = codeOf(script.call("persist", [], { signal: abort.signal }));
            await script.call("count");
            abort.abort();
            expect(await call).toBe("canceled");
            for (let jobs = 0; jobs < 300; jobs++) await script.call("count");
            const tries = await script.call("count");
            expect(tries).toBeGreaterThan(round);
            expect(await script.call("count")).toBe(tries);
          }
          expect(await script.call("ask")).toBe("heard");
        },
        { host, limits: { maxPendingCalls: 2 } },
      );
    });

    it("cancels a running call at once, aborts its host calls, and lets the script clean up", async () => {
      const reasons: unknown[] = [];
      const lines: string[] = [];
      const host = {
        wait: (_: readonly unknown[], { signal }: { signal: AbortSignal }) =>
          new Promise((_resolve, reject) => {
            signal.addEventListener("abort", () => {
              reasons.push((signal.reason as Error).name);
              reject(new Error("too late to matter"));
            });
          }),
      };
      const source = `
        export const hang = async () => {
          try { await wait(); } catch (e) { console.log("caught " + e.name); throw e; } finally { console.log("finally"); }
        };
        export const after = async () => { try { await hang(); } catch {} await wait(); };
        export const ok = () => 1;
      `;
      await withScript(
        source,
        async (script) => {
          for (const name of ["hang", "after"]) {
            const abort = new AbortController();
            const call = script.call(name, [], { signal: abort.signal });
            await script.call("ok");
            abort.abort(new Error("user left"));
            await expect(call).rejects.toMatchObject({ code: "canceled", cause: { message: "user left" } });
          }
          // A barrier: whatever the script does about its cancel is a job before this one.
          await script.call("ok");
          expect(lines).toEqual(["caught AbortError", "finally", "caught AbortError", "finally"]);
          expect(reasons).toEqual(["AbortError", "AbortError"]);
        },
        { host, console: (entry) => lines.push(entry.text) },
      );
    });

    it("hands an abort signal of the caller's into the script", async () => {
      const source = `export default ({ signal }) => new Promise((resolve) => {
        signal.addEventListener("abort", () => resolve([signal.aborted, signal.reason.name, signal.reason.message]));
      });
      export const ok = () => 1;`;
      await withScript(source, async (script) => {
        const abort = new AbortController();
        const call = script.call("default", [{ signal: abort.signal }]);
        await script.call("ok");
        abort.abort(new RangeError("enough"));
        expect(await call).toEqual([true, "RangeError", "enough"]);
      });
    });

    it("times a whole call out, waiting for the host included, and tells the script", async () => {
      const lines: string[] = [];
      const host = { wait: () => new Promise(() => {}) };
      const source = `
        export const hang = async () => { try { await wait(); } catch (e) { console.log(e.name); throw e; } };
        export const forever = () => new Promise(() => {});
        export const ok = () => "ok";
      `;
      await withScript(
        source,
        async (script) => {
          const error = await turnErrorOf(script.call("hang", [], { timeoutMs: 10 }));
          expect([error.code, error.retryable]).toEqual(["script-timeout", false]);
          expect(await codeOf(script.call("forever", [], { timeoutMs: 10 }))).toBe("script-timeout");
          expect(await script.call("ok")).toBe("ok");
          expect(lines).toEqual(["TimeoutError"]);
        },
        { host, console: (entry) => lines.push(entry.text) },
      );
    });

    it("stops timers of a call that is over by timeout, and runs those of one that ended well", async () => {
      const source = `
        let ticks = 0;
        export const bad = () => new Promise(() => { setInterval(() => ticks++, 1); });
        export const good = () => { setTimeout(() => { ticks = 1000; }, 1); };
        export const read = () => ticks;
        export const wait = () => new Promise((resolve) => setTimeout(resolve, 30));
      `;
      await withScript(source, async (script) => {
        expect(await codeOf(script.call("bad", [], { timeoutMs: 20 }))).toBe("script-timeout");
        const ticks = await script.call("read");
        await script.call("wait");
        expect(await script.call("read")).toBe(ticks);
        await script.call("good");
        await script.call("wait");
        expect(await script.call("read")).toBe(1_000);
      });
    });

    it("opens a script whose top level never ends within its time only", async () => {
      const runtime = testRuntime();
      expect(await codeOf(runtime.openScript({ source: "await new Promise(() => {})", timeoutMs: 20 }))).toBe(
        "script-timeout",
      );
      const abort = new AbortController();
      const opening = runtime.openScript({ source: "await new Promise(() => {})", signal: abort.signal });
      abort.abort();
      expect(await codeOf(opening)).toBe("canceled");
      expect(runtime.stats()).toMatchObject({ scripts: 0, calls: 0 });
      await runtime.close();
    });
  });

  describe("script: close (V5)", () => {
    it("settles what waits with closed, gives what runs its time, and accepts nothing after", async () => {
      const runtime = testRuntime({
        host: { later: () => new Promise((resolve) => setTimeout(() => resolve("late"), 10)) },
      });
      const script = await runtime.openScript({
        source: "export const run = () => later(); export const ok = () => 1;",
      });
      const running = script.call("run");
      await script.call("ok");
      const waiting = codeOf(script.call("ok"));
      const closing = runtime.close();
      expect(runtime.close()).toBe(closing);
      expect(await codeOf(script.call("ok"))).toBe("closed");
      expect(await codeOf(runtime.openScript({ source: "1" }))).toBe("closed");
      expect(["closed", "done"]).toContain(await waiting.catch(() => "done"));
      expect(await running).toBe("late");
      await closing;
      expect(runtime.stats()).toMatchObject({ vms: 0, scripts: 0, calls: 0 });
      expect(await codeOf(script.call("ok"))).toBe("closed");
    });

    it("ends what hangs when the grace period is over, and aborts its host calls", async () => {
      let aborted = false;
      const host = {
        wait: (_: readonly unknown[], { signal }: { signal: AbortSignal }) =>
          new Promise(() => signal.addEventListener("abort", () => (aborted = true))),
      };
      const runtime = testRuntime({ host });
      const script = await runtime.openScript({ source: "export default () => wait(); export const ok = () => 1;" });
      const hanging = codeOf(script.call("default"));
      await script.call("ok");
      await runtime.close({ graceMs: 5 });
      expect(await hanging).toBe("closed");
      expect(aborted).toBe(true);
    });

    it("closes one script and leaves the others", async () => {
      const runtime = testRuntime({ host: { wait: () => new Promise(() => {}) } });
      const one = await runtime.openScript({ source: "export default () => wait(); export const ok = () => 1;" });
      const two = await runtime.openScript({ source: "export default () => 2;" });
      const hanging = codeOf(one.call("default"));
      await one.call("ok");
      await one.close();
      await one.close();
      expect(await hanging).toBe("closed");
      expect(await codeOf(one.call("ok"))).toBe("closed");
      expect(await two.call("default")).toBe(2);
      await runtime.close();
    });

    it("closes while scripts are still being opened", async () => {
      const runtime = testRuntime();
      const opening = runtime.openScript({ source: "export default 1" }).then(
        () => "opened",
        (error: unknown) => (isTurnError(error) ? error.code : String(error)),
      );
      await runtime.close({ graceMs: 0 });
      expect(await opening).toBe("closed");
      expect(runtime.stats().vms).toBe(0);
    });

    it("refuses at once what waits for a VM, however long others may take", async () => {
      const engine = testEngine();
      let make = (): void => undefined;
      const asked = new Promise<void>((resolve) => (make = resolve));
      let made = (): void => undefined;
      const gate = new Promise<void>((resolve) => (made = resolve));
      const slow: ScriptEngine = {
        name: "slow",
        async createVm(limits) {
          make();
          await gate;
          return engine.createVm(limits);
        },
      };
      const runtime = testRuntime({ engine: slow });
      const opening = codeOf(runtime.openScript({ source: "export default 1" }));
      await asked;
      const closing = runtime.close({ graceMs: 600_000 });
      expect(await opening).toBe("closed");
      made();
      await closing;
      expect(runtime.stats()).toMatchObject({ vms: 0, scripts: 0, calls: 0 });
    });

    it("closes a script whose context is just being made again, and the calls that wait for it", async () => {
      const runtime = testRuntime({ limits: { sliceMs: 50 } });
      const script = await runtime.openScript({
        source: "export const loop = () => { for (;;); }; export const ok = () => 'ok';",
      });
      expect(await codeOf(script.call("loop"))).toBe("script-timeout");
      const call = codeOf(script.call("ok"));
      await script.close();
      expect(await call).toBe("closed");
      expect(runtime.stats()).toMatchObject({ scripts: 0, calls: 0 });
      await runtime.close({ graceMs: 0 });
    });

    it("closes a script whose context has just been made again, at the last moment", async () => {
      const ends: Promise<void>[] = [];
      const onLine = (): void => void (opened === undefined ? 0 : ends.push(opened.close()));
      const runtime = testRuntime({ limits: { sliceMs: 50 }, console: onLine });
      let opened: Script | undefined;
      const script = await runtime.openScript({
        // Said after the script was evaluated and before anybody has heard of it.
        source: `Promise.resolve().then(() => console.log("evaluated"));
          export const loop = () => { for (;;); }; export const ok = () => 'ok';`,
      });
      opened = script;
      expect(await codeOf(script.call("loop"))).toBe("script-timeout");
      expect(await codeOf(script.call("ok"))).toBe("closed");
      expect(ends).toHaveLength(1);
      await Promise.all(ends);
      expect(runtime.stats()).toMatchObject({ scripts: 0, calls: 0 });
      await runtime.close({ graceMs: 0 });
    });

    it("answers whoever is just opening a script that does not come to an end", async () => {
      for (const graceMs of [0, 1]) {
        const asked = createDeferred<void>();
        const host = { never: () => new Promise(() => asked.resolve()) };
        const runtime = testRuntime({ host });
        const opening = codeOf(runtime.openScript({ source: "await never();" }));
        await asked.promise;
        await runtime.close({ graceMs });
        expect(await opening).toBe("closed");
        expect(runtime.stats()).toMatchObject({ vms: 0, scripts: 0, calls: 0 });
      }
    });

    it("closes a script whose calls wait for a VM, at once", async () => {
      const host = { hold: () => new Promise(() => undefined) };
      const runtime = testRuntime({ host, limits: { maxVms: 1 } });
      const source = "export const wait = () => hold(), ok = () => 'ok';";
      const waiting = await runtime.openScript({ source, tenant: "waiting" });
      const busy = await runtime.openScript({ source, tenant: "busy" });
      const held = codeOf(busy.call("wait"));
      const call = codeOf(waiting.call("ok"));
      await busy.call("ok");
      await waiting.close();
      expect(await call).toBe("closed");
      expect(runtime.stats()).toMatchObject({ scripts: 1, calls: 1 });
      await runtime.close({ graceMs: 0 });
      expect(await held).toBe("closed");
    });
  });
}
