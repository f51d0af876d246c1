import { TurnError } from "../errors.ts";
import { expireApprovals, openApprovals } from "./approvals.ts";
import { expireDue } from "./decide-approval.ts";
import type { EngineCore } from "./engine-core.ts";
import type { RunDraft } from "./run-draft.ts";
import type { RunRecord } from "./run-store.ts";
import { type Ending, type TakenRun, takeRun } from "./take-run.ts";

/**
 * Moves a run that time alone must move (R5): its worker is lost, its deadline or an approval's time is up, or nobody has
 * seen to its cancelling yet. What needs work outside of the store is taken and returned.
 *
 * Only a run that was running needs its agent for that, and is left alone where that is not known. Whatever else must
 * happen (a settle or a cancelling is finished, an approval expires, a deadline passes in the queue, a run that was claimed and
 * not begun goes back there) needs none, and any worker does it.
 */
export function recoverRun(core: EngineCore, draft: RunDraft): TakenRun | undefined {
  const { run } = draft;
  // Somebody was faster.
  if (run.wakeAt === undefined || run.wakeAt > core.now() || core.hasOwner(run)) return undefined;
  switch (run.state) {
    case "queued":
    case "resuming":
      return recoverWaiting(core, draft);
    case "claimed":
      return isGivenUp(core, run) ? giveUp(core, draft) : requeue(draft);
    case "running":
      return recoverRunning(core, draft);
    case "waiting_for_approval":
      expireDue(core, draft);
      return undefined;
    case "cancelling":
      return take(core, draft, { how: "cancelled" });
    case "settling":
      return isGivenUp(core, run)
        ? take(core, draft, { how: "resettled", giveUp: exhausted(run) })
        : take(core, draft, { how: "resettled" });
    case "completed":
    case "failed":
    case "cancelled":
      draft.set({ wakeAt: undefined });
      return undefined;
  }
}

/** In the queue: past its deadline, or claimed by a worker that was lost before it began. */
function recoverWaiting(core: EngineCore, draft: RunDraft): TakenRun | undefined {
  const { run } = draft;
  if (run.deadlineAt !== undefined && run.deadlineAt <= core.now()) {
    const error = new TurnError("deadline-exceeded", "The turn's deadline passed before it could go on");
    return take(core, draft, { how: "failed", error });
  }
  if (run.workerId !== undefined) {
    if (isGivenUp(core, run)) return giveUp(core, draft);
    countRecovery(draft);
  }
  draft.set({ workerId: undefined, leaseUntil: 0, wakeAt: run.deadlineAt });
  return undefined;
}

function requeue(draft: RunDraft): undefined {
  countRecovery(draft);
  draft.moveTo("queued");
  draft.set({ workerId: undefined, leaseUntil: 0, wakeAt: draft.run.deadlineAt });
}

function recoverRunning(core: EngineCore, draft: RunDraft): TakenRun | undefined {
  const { run } = draft;
  const agent = core.options.agents.get(run.agent);
  // Left to those who know whether it may be begun again, and can do it.
  if (agent === undefined) return undefined;
  if (agent.replay !== "safe") {
    const message =
      "The worker that ran this turn was lost, and its agent is not replay-safe: it may have acted already, so it is not called again";
    return take(core, draft, { how: "failed", error: new TurnError("recovery-failed", message) });
  }
  if (isGivenUp(core, run)) return giveUp(core, draft);
  const attempt = run.attempt + 1;
  // What the lost attempt asked is void: the new one asks again, if it still wants to know.
  const lost = openApprovals(draft.tx, run.executionId);
  expireApprovals(draft, lost);
  for (const { approvalId } of lost) {
    const approval = draft.tx.getApproval(approvalId);
    if (approval !== undefined) draft.tx.putApproval({ ...approval, consumed: true });
  }
  draft.set({ attempt });
  requeue(draft);
  draft.say({ type: "run.restarted", data: { attempt, keep: String(Math.max(1, run.keep)) } });
  return undefined;
}

function isGivenUp(core: EngineCore, run: RunRecord): boolean {
  return run.recoveries >= core.options.maxRecoveries;
}

function giveUp(core: EngineCore, draft: RunDraft): TakenRun {
  return take(core, draft, { how: "failed", error: exhausted(draft.run) });
}

function exhausted(run: RunRecord): TurnError {
  return new TurnError(
    "recovery-failed",
    `The turn was given up after its workers were lost ${run.recoveries + 1} times`,
  );
}

function countRecovery(draft: RunDraft): void {
  draft.set({ recoveries: draft.run.recoveries + 1 });
}

function take(core: EngineCore, draft: RunDraft, ending: Ending): TakenRun {
  // A settle that takes its worker with it each time is counted like any run that does.
  if (draft.run.state === "settling") countRecovery(draft);
  return takeRun(core, draft, ending);
}
