import { parseExecutionId } from "../turn/execution-id.ts";
import type { ApprovalStatus, ExecutionSnapshot } from "../substrate/execution.ts";
import type { KnownRun } from "./known-runs.ts";

const STATUS = { approve: "approved", edit: "edited", reject: "rejected" } as const;

/** A run as it was when its events were last read, with what this process has done to it since. */
export function snapshotOf(known: KnownRun): ExecutionSnapshot {
  const { fold, decisions, run, stopping } = known;
  const statusOf = (approvalId: string): ApprovalStatus | undefined => {
    const taken = decisions.get(approvalId);
    return taken === undefined ? undefined : STATUS[taken.decision.decision];
  };
  const state = fold.state((approvalId) => decisions.has(approvalId));
  return {
    executionId: run.executionId,
    ...(known.identity ?? identityOf(run)),
    state: stopping && !fold.ended ? "cancelling" : state,
    attempt: 1,
    ...(fold.cursor === "0" ? {} : { lastEventId: fold.cursor }),
    ...(fold.finalText === undefined ? {} : { finalText: fold.finalText }),
    ...(fold.failure === undefined || state !== "failed" ? {} : { failure: fold.failure }),
    approvals: fold.snapshots(statusOf),
  };
}

/** Whose it is, as the execution id tells it; the sandbox knows no tenants. */
function identityOf({ executionId, sessionId }: KnownRun["run"]): { tenantId: string; sessionId: string } {
  try {
    const parts = parseExecutionId(executionId);
    return { tenantId: parts.tenantId ?? "", sessionId: parts.sessionId };
  } catch {
    return { tenantId: "", sessionId };
  }
}
