import { guestModules } from "../../src/script/guest/guest-modules.ts";
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
  });
}
