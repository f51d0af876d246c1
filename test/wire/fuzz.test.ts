import { describe, expect, it } from "vitest";
import { FORMATS } from "../support/decode-chunks.ts";
import { fuzzWire } from "./fuzz.ts";

// The seeds that `npm test` takes; `npm run soak:wire` takes more.
describe.each(FORMATS)("the %s decoder", (format) => {
  it(
    "agrees with the reference decoder on 100,000 damaged inputs, and never hangs or crashes",
    { timeout: 120_000 },
    () => {
      const report = fuzzWire(format, { seed: 1, inputs: 100_000 });
      expect(report.inputs).toBe(100_000);
      // A generator of inputs that are all good, or all bad from the start, would test little.
      for (const end of ["none", "malformed-event", "truncated-stream"]) expect(report.ends[end]).toBeGreaterThan(1000);
      expect(report.events).toBeGreaterThan(100_000);
    },
  );
});
