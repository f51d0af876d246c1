import type { ScriptRuntime } from "../../src/script/index.ts";
import type { TestApi } from "../support/test-api.ts";
import { abuseCases } from "./abuse-cases.ts";
import { abuseRuntime, runAbuseCase } from "./run-abuse-case.ts";

export default function scriptAbuse({ describe, it, expect }: TestApi): void {
  describe("script: escape and abuse (V6, V7)", () => {
    let runtime: ScriptRuntime | undefined;
    for (const abuse of abuseCases) {
      it(abuse.name, async () => {
        runtime ??= abuseRuntime();
        const { outcome, ms } = await runAbuseCase(runtime, abuse);
        if ("value" in abuse.ends) expect(outcome).toEqual({ value: abuse.ends.value });
        else expect(abuse.ends).toContain("code" in outcome ? outcome.code : "value");
        // The typed error shows that the limit held; this, that nothing hung, on machines that do other things as well.
        expect(ms).toBeLessThan(20_000);
      });
    }

    it("leaves the runtime usable, and closable", async () => {
      expect(abuseCases.length).toBeGreaterThanOrEqual(80);
      await runtime?.close();
    });
  });
}
