import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const MB = 1024 * 1024;
const probe = fileURLToPath(new URL("heap-probe.ts", import.meta.url));

interface Report {
  readonly grownBytes: number;
  readonly peakGrownBytes: number;
  readonly movedWhilePaused: number;
  readonly yielded: number;
}

describe.each(["handleChatTurn", "runTurn"])("%s", (way) => {
  it("T7: memory does not grow with the length of a turn, and a reader that stops makes the producer wait", async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ["--expose-gc", probe, way], { timeout: 60_000 });
    const report = JSON.parse(stdout) as Report;
    expect(report.yielded).toBe(1_000_000);
    expect(report.movedWhilePaused).toBe(0);
    // Also in the middle of the turn, while its reader pauses.
    expect(report.peakGrownBytes).toBeLessThan(8 * MB);
    expect(report.grownBytes).toBeLessThan(8 * MB);
  }, 90_000);
});
