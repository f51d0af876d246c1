import { guestModules } from "../../src/script/guest/guest-modules.ts";
import { nextMacrotask } from "../../src/internal/macrotask.ts";
import type { StressReport } from "../inference/stress-runs.ts";
import type { TestApi } from "../support/test-api.ts";
import { guestSuite } from "./guest-suite.generated.ts";
import { testRuntime } from "./script-support.ts";

const PIECE = 8;

/** The behaviour of the inference core in its other home: the same suites, run by the VM on the module `turnwire`. */
export default function guestBehaviour({ describe, it, expect }: TestApi): void {
  describe("inference inside the VM", () => {
    it("behaves as it does outside, case by case", async () => {
      const runtime = testRuntime({ limits: { timeoutMs: 60_000 } });
      const modules = await guestModules({ engines: [], resolvesEngines: false, tools: [] });
      const script = await runtime.openScript({ source: guestSuite, modules });
      const names = (await script.read("names")) as string[];
      expect(names.length).toBeGreaterThan(50);
      const failures: unknown[] = [];
      for (let from = 0; from < names.length; from += PIECE) {
        failures.push(...((await script.call("default", [from, from + PIECE])) as unknown[]));
      }
      expect(failures).toEqual([]);
      await runtime.close();
    }, 120_000);

    it("5,000 runs, while other work is queued on the same owner: each settles once, and the owner keeps its order", async () => {
      const runtime = testRuntime({ limits: { timeoutMs: 60_000 } });
      const modules = await guestModules({ engines: [], resolvesEngines: false, tools: [] });
      const script = await runtime.openScript({ source: guestSuite, modules });
      const other = await runtime.openScript({ source: "let n = 0; export default () => ++n;" });
      const order: unknown[] = [];
      let over = false;
      const queueOthers = async (): Promise<void> => {
        while (!over) {
          const numbers = await Promise.all([1, 2, 3].map(() => other.call("default")));
          order.push(...numbers);
          await nextMacrotask();
        }
      };
      const others = queueOthers();
      const total = { completed: 0, cancelled: 0, timedOut: 0, failed: 0 };
      const problems: unknown[] = [];
      const pieces = Array.from({ length: 50 }, async (_, seed) => {
        const report = (await script.call("stress", [seed, 100])) as StressReport;
        problems.push(...report.problems);
        for (const name of ["completed", "cancelled", "timedOut", "failed"] as const) total[name] += report[name];
      });
      await Promise.all(pieces);
      over = true;
      await others;
      expect(problems).toEqual([]);
      expect(total.completed + total.cancelled + total.timedOut + total.failed).toBe(5_000);
      for (const [name, count] of Object.entries(total)) expect(count, name).toBeGreaterThan(50);
      expect(order).toEqual(order.map((_, index) => index + 1));
      expect(runtime.stats()).toMatchObject({ calls: 0, vms: 1 });
      await runtime.close();
      expect(runtime.stats()).toMatchObject({ calls: 0, vms: 0, scripts: 0 });
    }, 120_000);
  });
}
