import type { TurnOutcome } from "../event/outcome.ts";
import { type ExecutionSnapshot, isEnded } from "../substrate/execution.ts";
import type { RunRecord, RunTransaction } from "./run-store.ts";

/** A run as the outside sees it. */
export function snapshotOf(tx: RunTransaction, run: RunRecord): ExecutionSnapshot {
  const { executionId, sessionId, tenantId, state, attempt, lastEventId } = run;
  const outcome = isEnded(state) ? (tx.getDocument(run, "outcome") as unknown as TurnOutcome | undefined) : undefined;
  return {
    executionId,
    sessionId,
    tenantId,
    state,
    attempt,
    lastEventId: String(lastEventId),
    ...(outcome === undefined ? {} : { finalText: outcome.finalText }),
    ...(outcome?.failure === undefined ? {} : { failure: outcome.failure }),
    approvals: tx.approvals(executionId).map(({ approvalId, toolName, input, reason, expiresAt, status }) => ({
      approvalId,
      toolName,
      input,
      ...(reason === undefined ? {} : { reason }),
      ...(expiresAt === undefined ? {} : { expiresAt }),
      status,
    })),
  };
}
