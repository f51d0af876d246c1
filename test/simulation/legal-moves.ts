import type { ExecutionState } from "../../src/substrate/index.ts";

/** The design's table of states, written down once more: what the engine has in its own is what is tested. */
const MOVES: ReadonlySet<string> = new Set([
  "queued claimed",
  "queued cancelling",
  "queued settling",
  "claimed running",
  "claimed queued",
  "claimed cancelling",
  "claimed settling",
  "running settling",
  "running waiting_for_approval",
  "running queued",
  "running cancelling",
  "waiting_for_approval resuming",
  "waiting_for_approval cancelling",
  "resuming running",
  "resuming cancelling",
  "resuming settling",
  "cancelling settling",
  "settling completed",
  "settling failed",
  "settling cancelled",
]);

export function isLegalMove(from: ExecutionState, to: ExecutionState): boolean {
  return MOVES.has(`${from} ${to}`);
}
