import type { Clock } from "../../src/internal/clock.ts";
import type { TestApi } from "../support/test-api.ts";
import { manualClock } from "./manual-clock.ts";
import { codeOf, testRuntime, withScript } from "./script-support.ts";

export default function scriptTenants({ describe, it, expect }: TestApi): void {
  describe("script: tenants (V7)", () => {
    it("see nothing of each other: globals, prototypes, modules, timers", async () => {
      const runtime = testRuntime();
      const hostile = `
        globalThis.secret = "taken"; Array.prototype.push = () => { throw new Error("poisoned"); };
        Object.prototype.polluted = true; JSON.parse = () => "forged"; Promise.prototype.then = () => {};
        Object.defineProperty(Object.prototype, "text", { set() { throw new Error("setter"); } });
        Symbol.for("shared").description; setInterval(() => { globalThis.secret += "!"; }, 1);
        export default () => 1;
      `;
      const victim = `export default async () => {
        const list = []; list.push(1);
        return [typeof secret, ({}).polluted ?? null, list, JSON.parse("[2]"), await Promise.resolve(3).then((n) => n)];
      };`;
      for (const tenant of ["mallory", "alice", "alice"]) {
        const bad = await runtime.openScript({ source: hostile, tenant: "mallory" });
        const good = await runtime.openScript({ source: victim, tenant });
        await bad.call("default").catch(() => undefined);
        expect(await good.call("default")).toEqual(["undefined", null, [1], [2], 3]);
      }
      expect(runtime.stats().vms).toBe(2);
      await runtime.close({ graceMs: 0 });
    });

    it("cannot take each other's memory, time or VM", async () => {
      const runtime = testRuntime({ limits: { memoryBytes: 16 * 1024 * 1024, sliceMs: 1_000 } });
      const good = await runtime.openScript({
        tenant: "alice",
        source:
          "let n = 0; export default () => { const a = []; for (let i = 0; i < 1000; i++) a.push({ i }); return ++n; };",
      });
      const bad = await runtime.openScript({
        tenant: "mallory",
        source: "const keep = []; export default () => { for (;;) keep.push(new Array(1000).fill(0)); };",
      });
      // Having caught it, this one would keep all that there is.
      const catching = await runtime.openScript({
        tenant: "mallory",
        source: `const keep = [];
          export default () => { try { for (;;) keep.push(new Array(1000).fill(0)); } catch { return "caught"; } };`,
      });
      for (let round = 1; round <= 5; round++) {
        const results = await Promise.all([codeOf(bad.call("default")), good.call("default")]);
        expect(results).toEqual(["script-limit", round]);
        expect(await codeOf(catching.call("default"))).toBe("script-limit");
      }
      await runtime.close();
    });

    it("cannot find other calls, contexts or the prelude's insides", async () => {
      const source = `export default () => {
        const found = [];
        for (const name of Object.getOwnPropertyNames(globalThis)) {
          if (/turnwire|bridge|entry|hostCall|settings|refs|outbox/i.test(name)) found.push(name);
        }
        try { (function f() { found.push(f.caller); })(); } catch {}
        try { (function () { found.push(arguments.callee.caller); })(); } catch {}
        const frames = new Error().stack.match(/turnwire:prelude/g);
        return found.filter((one) => one !== undefined && one !== null);
      };`;
      await withScript(source, async (script) => expect(await script.call("default")).toEqual([]));
    });

    it("cannot reach host functions or arguments of other scripts", async () => {
      const runtime = testRuntime();
      const rich = await runtime.openScript({
        tenant: "same",
        source: "export default () => secret();",
        host: { secret: () => "gold" },
      });
      const poor = await runtime.openScript({
        tenant: "same",
        source: "export default () => [typeof secret, typeof globalThis.secret];",
      });
      expect(await rich.call("default")).toBe("gold");
      expect(await poor.call("default")).toEqual(["undefined", "undefined"]);
      await runtime.close();
    });

    it("share few VMs: an idle tenant's goes to another, whose calls wait until then, and comes back", async () => {
      const release: (() => void)[] = [];
      const host = { hold: () => new Promise<string>((resolve) => release.push(() => resolve("held"))) };
      const runtime = testRuntime({ host, limits: { maxVms: 1 } });
      const source = "let n = 0; export const hold_ = () => hold(); export const count = () => ++n;";
      const alice = await runtime.openScript({ source, tenant: "alice" });
      expect([await alice.call("count"), await alice.call("count")]).toEqual([1, 2]);
      const holding = alice.call("hold_");
      await alice.call("count");
      let opened = false;
      const opening = runtime.openScript({ source, tenant: "bob" }).then((script) => ((opened = true), script));
      await alice.call("count");
      expect(opened).toBe(false);
      for (const one of release) one();
      expect(await holding).toBe("held");
      const bob = await opening;
      expect(await bob.call("count")).toBe(1);
      expect(runtime.stats().vms).toBe(1);
      // Her script was evaluated anew; her caller does not notice but for what the script kept.
      expect(await alice.call("count")).toBe(1);
      await runtime.close();
    });

    it("may give up the wait for a VM, which keeps nobody else from anything", async () => {
      const release: (() => void)[] = [];
      const host = { hold: () => new Promise<string>((resolve) => release.push(() => resolve("held"))) };
      const runtime = testRuntime({ host, limits: { maxVms: 1 } });
      const source = "export const hold_ = () => hold(); export default () => 1;";
      const alice = await runtime.openScript({ source, tenant: "alice" });
      const holding = alice.call("hold_");
      await alice.call("default");
      const impatience = new AbortController();
      const leaving = codeOf(runtime.openScript({ source, tenant: "bob", signal: impatience.signal }));
      await alice.call("default");
      impatience.abort();
      expect(await leaving).toBe("canceled");
      expect(await codeOf(runtime.openScript({ source, tenant: "carol", timeoutMs: 1 }))).toBe("script-timeout");
      expect(await alice.call("default")).toBe(1);
      for (const one of release) one();
      expect(await holding).toBe("held");
      for (const tenant of ["dave", "bob", "carol"]) {
        const script = await runtime.openScript({ source, tenant });
        expect(await script.call("default")).toBe(1);
      }
      expect(runtime.stats().vms).toBe(1);
      await runtime.close();
    });

    // On workerd a request that ends takes its timers with it.
    it("take a VM from a call whose time is over, though its timer never came", async () => {
      const clock = manualClock();
      let loses = false;
      const lossy: Clock = {
        now: () => clock.now(),
        after: (...given) => (loses ? () => undefined : clock.after(...given)),
      };
      const host = { hold: () => new Promise<string>(() => undefined) };
      const runtime = testRuntime({ host, clock: lossy, limits: { maxVms: 1, timeoutMs: 1_000 } });
      const source = "export const hold_ = () => hold(); export default () => 1;";
      const alice = await runtime.openScript({ source, tenant: "alice" });
      loses = true;
      const holding = codeOf(alice.call("hold_"));
      await alice.call("default");
      loses = false;
      clock.advance(400);
      const opening = runtime.openScript({ source, tenant: "bob" });
      await alice.call("default");
      clock.advance(600);
      expect(await (await opening).call("default")).toBe(1);
      expect(await holding).toBe("script-timeout");
      await runtime.close({ graceMs: 0 });
    });

    it("come and go without leaving anything", async () => {
      const runtime = testRuntime({ limits: { maxVms: 2, memoryBytes: 16 * 1024 * 1024 } });
      for (let i = 0; i < 30; i++) {
        const script = await runtime.openScript({ source: "export default (n) => n", tenant: `tenant ${i}` });
        expect(await script.call("default", [i])).toBe(i);
        await script.close();
      }
      const { vms, scripts, calls, owners } = runtime.stats();
      expect([vms, scripts, calls, Object.keys(owners).length]).toEqual([2, 0, 0, 2]);
      await runtime.close();
    });
  });
}
