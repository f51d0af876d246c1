import { allDecided, firstExpiry, openApprovals, resumeRun } from "./approvals.ts";
import type { RunDraft } from "./run-draft.ts";

/** Lets a run wait for its people: no slot, no lease (R6). False when it was cancelled in between. */
export function suspendRun(draft: RunDraft, now: number): boolean {
  if (draft.run.state === "cancelling") return false;
  const { run, tx } = draft;
  const keep = draft.moveTo("waiting_for_approval");
  const approvals = openApprovals(tx, run.executionId);
  draft.set({
    keep,
    workerId: undefined,
    leaseUntil: 0,
    wakeAt: firstExpiry(approvals),
    deadlineAt: undefined,
    deadlineLeftMs: run.deadlineAt === undefined ? undefined : Math.max(0, run.deadlineAt - now),
  });
  if (allDecided(approvals)) resumeRun(draft, now);
  return true;
}
