import type { JsonValue } from "../event/json.ts";
import type { TurnOutcome } from "../event/outcome.ts";
import type { TurnEvent } from "../event/turn-event.ts";
import type { TurnInput } from "../substrate/turn-input.ts";
import { expireApprovals, openApprovals } from "./approvals.ts";
import type { RunDraft } from "./run-draft.ts";
import type { RunTransaction } from "./run-store.ts";

/**
 * The last write of a run: its terminal event, its outcome and its place in the transcript, committed together (R8), and
 * the session's next run let go (R3).
 */
export function closeRun(
  draft: RunDraft,
  {
    events,
    outcome,
    now,
  }: { readonly events: readonly TurnEvent[]; readonly outcome: TurnOutcome; readonly now: number },
): void {
  const { tx, run } = draft;
  expireApprovals(draft, openApprovals(tx, run.executionId));
  for (const event of events) draft.say(event);
  draft.moveSilentlyTo(outcome.status);
  draft.set({ workerId: undefined, leaseUntil: 0, wakeAt: undefined, finishedAt: now, blocked: false });
  tx.putDocument(run, "outcome", outcome as unknown as JsonValue);
  if (outcome.status === "completed") {
    const { tenantId, sessionId, turnIndex, executionId } = run;
    const { message } = tx.getDocument(run, "input") as unknown as TurnInput;
    tx.putTranscript({ tenantId, sessionId, turnIndex, executionId, message, answer: outcome.finalText });
  }
  unblockNext(tx, run.tenantId, run.sessionId, run.executionId);
}

/** Lets the session's earliest live run go, once none stands before it. */
function unblockNext(tx: RunTransaction, tenantId: string, sessionId: string, endedId: string): void {
  const next = tx.liveRuns(tenantId, sessionId).find(({ executionId }) => executionId !== endedId);
  if (next?.blocked === true) tx.updateRun(next, { blocked: false });
}
