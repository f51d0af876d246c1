import type { TestApi } from "../support/test-api.ts";
import { testRuntime } from "./script-support.ts";
import { churnContexts, mostBlocks } from "./churn-contexts.ts";

const ROUNDS = 400;

export default function scriptLeaks({ describe, it, expect }: TestApi): void {
  describe("script: nothing is left behind (V5)", () => {
    it(`opens, uses, fails, cancels and closes ${ROUNDS} contexts in one VM that stays as roomy as it was`, async () => {
      const runtime = testRuntime({ limits: { memoryBytes: 16 * 1024 * 1024 } });
      await churnContexts(runtime, 3);
      const before = await mostBlocks(runtime);
      expect(before).toBeGreaterThan(100);
      await churnContexts(runtime, ROUNDS);
      expect(await mostBlocks(runtime)).toBe(before);
      expect(runtime.stats()).toMatchObject({ vms: 1, scripts: 0, calls: 0 });
      await runtime.close();
    }, 60_000);
  });
}
