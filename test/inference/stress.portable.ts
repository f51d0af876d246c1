import * as core from "../../src/inference/index.ts";
import type { TestApi } from "../support/test-api.ts";
import { stressRuns } from "./stress-runs.ts";

/** On the host; inside the VM the same runs are made by a script. */
export default function inferenceStress({ it, expect }: TestApi): void {
  it("1,000 runs with cancels, timeouts, throws and re-entrant calls: each settles once, in order", async () => {
    const { problems, ...counts } = await stressRuns(core, 1, 1_000);
    expect(problems).toEqual([]);
    for (const [name, count] of Object.entries(counts)) expect(count, name).toBeGreaterThan(10);
  }, 60_000);
}
