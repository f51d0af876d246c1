import type { StoppedRun } from "../agent/agent.ts";
import { isTurnError } from "../errors.ts";
import { decodeCheckpoint } from "./agent-checkpoint.ts";
import { catchUp } from "./catch-up.ts";
import { toTurnError } from "./follow-run.ts";
import { type KnownRun, newRun } from "./known-runs.ts";
import { RemoteFailure } from "./remote-failure.ts";
import type { ResolvedSandbox } from "./sandbox-options.ts";

/**
 * Stops the remote run of a turn that nobody follows any more. One that has ended is left alone, because the sandbox's stop
 * reaches whatever runs in the session; so does calling this twice no harm.
 */
export async function cancelRemote(sandbox: ResolvedSandbox, stopped: StoppedRun): Promise<void> {
  // Without one, nothing was dispatched: it is kept before anything can be.
  const kept = decodeCheckpoint(stopped.checkpoint);
  if (kept === undefined) return;
  const { executionId, sessionId, after } = kept;
  const known = newRun({ executionId, sessionId });
  known.fold.cursor = after;
  try {
    if ((await isOver(known, sandbox)) || stopped.signal.aborted) return;
    await sandbox.transport.interrupt(known.run, stopped.signal);
  } catch (error) {
    // It came to its end in between.
    if (!(error instanceof RemoteFailure) || error.kind !== "missing") throw toTurnError(error);
  }
}

async function isOver(known: KnownRun, sandbox: ResolvedSandbox): Promise<boolean> {
  try {
    return !(await catchUp(known, sandbox)) || known.fold.ended;
  } catch (error) {
    // Its log has run on past what the sandbox keeps of it.
    if (isTurnError(error, "cursor-gap")) return false;
    throw error;
  }
}
