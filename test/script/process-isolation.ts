import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { nextMacrotask } from "../../src/internal/macrotask.ts";
import type { TestApi } from "../support/test-api.ts";
import { abuseCases, stuckBuiltins } from "./abuse-cases.ts";
import { callbackChain } from "./callback-chain.ts";
import { abuseRuntime, runAbuseCase } from "./run-abuse-case.ts";
import { codeOf, testRuntime } from "./script-support.ts";

// What only runtimes with child processes can show: Node under Vitest, Deno and Bun through process-isolation-main.ts.

const isolation = "process";
// All of the corpus is run inline everywhere, and in processes by the soak; here a sample shows that it is the same.
const SAMPLE = 10;

export default function processIsolation({ describe, it, expect }: TestApi): void {
  describe("script: process isolation", () => {
    it("does what inline does, in the same order, twenty deep with others waiting", async () => {
      const inline = await callbackChain(testRuntime(), 20, 50);
      const apart = await callbackChain(testRuntime({ isolation }), 20, 50);
      expect(apart).toEqual(inline);
      expect(inline).toHaveLength(72);
    });

    for (const stuck of stuckBuiltins) {
      it(`kills what no interrupt stops: ${stuck.name}`, async () => {
        const runtime = abuseRuntime({ isolation, limits: { sliceMs: 300, killGraceMs: 300 } });
        const { outcome, ms } = await runAbuseCase(runtime, stuck);
        expect(outcome).toEqual({ code: "script-timeout" });
        expect(ms).toBeLessThan(4_000);
        await runtime.close();
        expect(children()).toEqual([]);
      });
    }

    it("ends a sample of the abuse corpus as inline does", async () => {
      const runtime = abuseRuntime({ isolation, limits: { sliceMs: 300 } });
      for (const abuse of abuseCases.filter((_, index) => index % SAMPLE === 0)) {
        const { outcome } = await runAbuseCase(runtime, abuse);
        if ("value" in abuse.ends) expect(outcome, abuse.name).toEqual({ value: abuse.ends.value });
        else expect(abuse.ends, abuse.name).toContain("code" in outcome ? outcome.code : "value");
      }
      await runtime.close();
    }, 60_000);

    it("starts children with no environment and no files, and leaves none", async () => {
      const runtime = testRuntime({ isolation });
      const script = await runtime.openScript({ source: "export default () => 1;" });
      expect(await script.call("default")).toBe(1);
      for (const pid of children()) {
        // Nothing is inherited; Deno is told to keep no caches.
        expect(["", "DENO_DIR=/dev/null\0"]).toContain(readFileSync(`/proc/${pid}/environ`, "utf8"));
        const files = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
        expect(files.filter((target) => target.startsWith("/") && !target.startsWith("/dev/"))).toEqual([]);
      }
      await runtime.close();
      expect(children()).toEqual([]);
    });

    it("bounds the number of children, however many tenants there are", async () => {
      const runtime = testRuntime({ isolation, limits: { maxVms: 2 } });
      const seen: number[] = [];
      const work = Array.from({ length: 5 }, async (_, n) => {
        const script = await runtime.openScript({ tenant: `t${n}`, source: "export default (n) => n;" });
        seen.push(children().length);
        return script.call("default", [n]);
      });
      expect(await Promise.all(work)).toEqual([0, 1, 2, 3, 4]);
      expect(Math.max(...seen)).toBeLessThanOrEqual(2);
      expect(runtime.stats().vms).toBeLessThanOrEqual(2);
      await runtime.close();
    });

    it("kills no child that has answered while its program was busy itself", async () => {
      const limits = { sliceMs: 500, killGraceMs: 300 };
      const observe = ({ op }: { op: string }): void => {
        // The command has just gone to the child.
        const end = performance.now() + (op === "call default" ? 1_200 : 0);
        while (performance.now() < end);
      };
      const runtime = testRuntime({ isolation, limits, observe });
      const script = await runtime.openScript({ source: "export default () => 'served'" });
      expect(await script.call("default")).toBe("served");
      await runtime.close();
    });

    it("tells a call that its child died, and serves the next one in another", async () => {
      const runtime = testRuntime({ isolation, host: { hold: () => new Promise(() => {}) } });
      const script = await runtime.openScript({
        source: "export const wait = () => hold(); export const ok = () => 'ok';",
      });
      const waiting = codeOf(script.call("wait"));
      await script.call("ok");
      const [child] = children();
      // Without /proc it is not known whom to kill.
      if (child === undefined) return runtime.close({ graceMs: 0 });
      process.kill(child, "SIGKILL");
      expect(await waiting).toBe("vm-lost");
      expect(await script.call("ok")).toBe("ok");
      await runtime.close();
    });

    it("serves what waited behind a call that was killed, in another child", async () => {
      const runtime = abuseRuntime({ isolation, limits: { sliceMs: 300, killGraceMs: 300 } });
      const script = await runtime.openScript({
        source: "export const stuck = () => new Array(4e9).indexOf(1); export const ok = (n) => n;",
      });
      const results = await Promise.all([codeOf(script.call("stuck")), script.call("ok", [1]), script.call("ok", [2])]);
      expect(results).toEqual(["script-timeout", 1, 2]);
      await runtime.close();
    });

    it("a hostile tenant holds the others up not at all: they are served while it runs", async () => {
      const others = 3;
      const runtime = abuseRuntime({ isolation, limits: { sliceMs: 3_000, maxVms: others + 1 } });
      const open = (tenant: string, source: string) => runtime.openScript({ tenant, source });
      const hostile = await open("mallory", "export const loop = () => { for (;;); };");
      const good = await Promise.all(
        Array.from({ length: others }, (_, n) => open(`tenant-${n}`, "let n = 0; export default () => ++n;")),
      );
      let ended = 0;
      const attacks = Array.from({ length: 2 }, () => codeOf(hostile.call("loop")).finally(() => (ended += 1)));
      for (let count = 1; count <= 50; count++) {
        const answers = await Promise.all(good.map((script) => script.call("default")));
        expect([answers, ended]).toEqual([good.map(() => count), 0]);
      }
      await runtime.close({ graceMs: 0 });
      expect((await Promise.all(attacks)).every((code) => code === "closed" || code === "script-timeout")).toBe(true);
    });

    it("never sends a call that was canceled while another ran", async () => {
      const runtime = testRuntime({ isolation });
      const script = await runtime.openScript({
        source:
          "let n = 0; export const spin = () => { for (let i = 0; i < 1e7; i++); }; export const count = () => ++n;",
      });
      const abort = new AbortController();
      const first = script.call("spin");
      const second = codeOf(script.call("count", [], { signal: abort.signal }));
      // It has been handed to the child's queue by now, also when the owner gave the event loop its share first.
      for (let turn = 0; turn < 20; turn++) await nextMacrotask();
      abort.abort();
      expect(await second).toBe("canceled");
      await first;
      expect(await script.call("count")).toBe(1);
      await runtime.close();
    });
  });
}

/** Child processes of this one that have not ended, where /proc tells. */
function children(): number[] {
  if (!existsSync("/proc/self/stat")) return [];
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
        const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
        return parent === String(process.pid) && state !== "Z";
      } catch {
        // It ended while we looked.
        return false;
      }
    });
}
