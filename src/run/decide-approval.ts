import type { JsonValue } from "../event/json.ts";
import { TurnError } from "../errors.ts";
import { canonicalJson } from "../internal/canonical-json.ts";
import { checkObject, checkOneOf, checkString } from "../internal/check-argument.ts";
import type { ApprovalDecision, ApprovalStatus, ExecutionSnapshot } from "../substrate/execution.ts";
import { allDecided, approvalResolved, expireApprovals, firstExpiry, openApprovals, resumeRun } from "./approvals.ts";
import type { EngineCore } from "./engine-core.ts";
import type { RunDraft } from "./run-draft.ts";
import type { ApprovalRecord } from "./run-store.ts";
import { snapshotOf } from "./snapshot.ts";

const STATUS: Readonly<Record<ApprovalDecision["decision"], ApprovalStatus>> = {
  approve: "approved",
  edit: "edited",
  reject: "rejected",
};

/** Refuses what is no decision, naming the field; copies the rest. */
export function checkDecision(decision: ApprovalDecision): ApprovalDecision {
  checkObject("decision", decision);
  checkOneOf("decision.decision", decision.decision, ["approve", "edit", "reject"]);
  const { input, note } = decision;
  if (decision.decision === "edit" && input === undefined) {
    throw new TypeError("decision.input is missing: an edit says what the tool shall get instead");
  }
  if (decision.decision !== "edit" && input !== undefined) {
    throw new TypeError(
      `decision.input has no meaning with ${JSON.stringify(decision.decision)}: only an edit replaces it`,
    );
  }
  if (note !== undefined) checkString("decision.note", note);
  return {
    decision: decision.decision,
    ...(input === undefined ? {} : { input: JSON.parse(canonicalJson(input, "decision.input")) as JsonValue }),
    ...(note === undefined ? {} : { note }),
  };
}

/** Takes a person's answer, once (R7), as one step of the store. */
export function decideApproval(
  core: EngineCore,
  draft: RunDraft,
  approvalId: string,
  decision: ApprovalDecision,
): ExecutionSnapshot {
  const { tx, run } = draft;
  const approval = tx.getApproval(approvalId);
  if (approval === undefined || approval.executionId !== run.executionId) throw approvalNotFound(approvalId);
  if (approval.status === "pending") {
    takeDecision(core, draft, approval, decision);
  } else if (!isSame(approval, decision)) {
    const code = approval.status === "expired" ? "approval-expired" : "approval-decided";
    throw new TurnError(code, `Approval ${approvalId} is ${approval.status} already`);
  }
  return snapshotOf(tx, draft.run);
}

export function approvalNotFound(approvalId: string): TurnError {
  return new TurnError("approval-not-found", `There is no approval ${approvalId}`);
}

/** Ends the waiting for questions whose time is up; the run goes on once all are answered. */
export function expireDue(core: EngineCore, draft: RunDraft): void {
  const { tx, run } = draft;
  const now = core.now();
  const open = openApprovals(tx, run.executionId);
  expireApprovals(
    draft,
    open.filter(({ expiresAt }) => expiresAt !== undefined && expiresAt <= now),
  );
  moveOn(core, draft);
}

function takeDecision(core: EngineCore, draft: RunDraft, approval: ApprovalRecord, decision: ApprovalDecision): void {
  const { approvalId, expiresAt } = approval;
  if (expiresAt !== undefined && expiresAt <= core.now()) {
    throw new TurnError("approval-expired", `Approval ${approvalId} expired before it was decided`);
  }
  if (draft.run.state === "cancelling" || draft.run.state === "settling") {
    throw new TurnError("approval-expired", `Approval ${approvalId} is void: its execution is ${draft.run.state}`);
  }
  const { decision: verb, ...said } = decision;
  draft.tx.putApproval({ ...approval, status: STATUS[verb], decision: said });
  draft.say(approvalResolved(approvalId, verb));
  moveOn(core, draft);
}

/** Sends the run on when all its questions are answered; else sets when to look again. */
function moveOn(core: EngineCore, draft: RunDraft): void {
  // Decided while the agent is still at it: the suspension will find the answers there.
  if (draft.run.state !== "waiting_for_approval") return;
  const open = openApprovals(draft.tx, draft.run.executionId);
  if (allDecided(open)) resumeRun(draft, core.now());
  else draft.set({ wakeAt: firstExpiry(open) });
}

function isSame(approval: ApprovalRecord, { decision, ...said }: ApprovalDecision): boolean {
  return approval.status === STATUS[decision] && canonicalJson(approval.decision ?? {}) === canonicalJson(said);
}
