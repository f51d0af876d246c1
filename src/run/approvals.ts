import type { Decision, Resume } from "../agent/agent.ts";
import type { JsonValue } from "../event/json.ts";
import type { TurnEvent } from "../event/turn-event.ts";
import { checkDuration, checkName, checkString } from "../internal/check-argument.ts";
import { canonicalJson } from "../internal/canonical-json.ts";
import { checkSize } from "./check-size.ts";
import type { RunDraft } from "./run-draft.ts";
import type { ApprovalRecord, RunTransaction } from "./run-store.ts";

/** An agent's question as the engine keeps it, and the event that readers get. Throws for what is no question. */
export function readApprovalRequest(
  event: TurnEvent,
  {
    executionId,
    index,
    now,
    maxBytes,
  }: { readonly executionId: string; readonly index: number; readonly now: number; readonly maxBytes: number },
): { readonly record: ApprovalRecord; readonly event: TurnEvent } {
  const { toolName, input, reason, expiresInMs, ...more } = event.data ?? {};
  checkName("approval.requested: toolName", toolName);
  const question = JSON.parse(canonicalJson(input ?? null, "approval.requested: input")) as JsonValue;
  if (reason !== undefined) checkString("approval.requested: reason", reason);
  if (expiresInMs !== undefined) checkDuration("approval.requested: expiresInMs", expiresInMs);
  const approvalId = `${executionId}.${index}`;
  const expires = expiresInMs === undefined || expiresInMs === Infinity ? {} : { expiresAt: now + expiresInMs };
  const asked = { approvalId, toolName, input: question, ...(reason === undefined ? {} : { reason }), ...expires };
  const data = { ...more, ...asked };
  // A question that readers cannot be shown must not be waited for.
  checkSize("a question", JSON.stringify(data), maxBytes);
  return {
    record: { ...asked, executionId, index, status: "pending", consumed: false },
    event: { type: event.type, data },
  };
}

/** The approvals of the suspension that the run is in, or comes to. */
export function openApprovals(tx: RunTransaction, executionId: string): ApprovalRecord[] {
  return tx.approvals(executionId).filter(({ consumed }) => !consumed);
}

/** Whether every one has its answer. */
export function allDecided(approvals: readonly ApprovalRecord[]): boolean {
  return approvals.every(({ status }) => status !== "pending");
}

/** The earliest moment at which one of them expires. */
export function firstExpiry(approvals: readonly ApprovalRecord[]): number | undefined {
  const times = approvals.flatMap(({ status, expiresAt }) => (status === "pending" ? (expiresAt ?? []) : []));
  return times.length === 0 ? undefined : Math.min(...times);
}

/** Ends the waiting for those that nobody will decide any more, and says so. */
export function expireApprovals(draft: RunDraft, approvals: readonly ApprovalRecord[]): void {
  for (const approval of approvals) {
    if (approval.status !== "pending") continue;
    draft.tx.putApproval({ ...approval, status: "expired" });
    draft.say(approvalResolved(approval.approvalId, "expired"));
  }
}

export function approvalResolved(approvalId: string, decision: Decision["decision"]): TurnEvent {
  return { type: "approval.resolved", data: { approvalId, decision } };
}

/**
 * Sends a suspended run, all of whose questions are answered, back to the queue, with its answers kept (R6): from here
 * on a crash changes nothing about how it goes on.
 */
export function resumeRun(draft: RunDraft, now: number): void {
  const { run, tx } = draft;
  const approvals = openApprovals(tx, run.executionId);
  const all = approvals.map(decisionOf);
  const last = all.at(-1);
  if (last === undefined) throw new Error(`Run ${run.executionId} has nothing to resume with`);
  for (const approval of approvals) tx.putApproval({ ...approval, consumed: true });
  const resume: Resume = { ...last, all };
  tx.putDocument(run, "resume", resume as unknown as JsonValue);
  const deadlineAt = run.deadlineLeftMs === undefined ? undefined : now + run.deadlineLeftMs;
  draft.moveTo("resuming");
  draft.set({ deadlineAt, deadlineLeftMs: undefined, wakeAt: deadlineAt });
}

const DECISIONS = { approved: "approve", edited: "edit", rejected: "reject", expired: "expired" } as const;

function decisionOf({ approvalId, status, decision }: ApprovalRecord): Decision {
  if (status === "pending") throw new Error(`Approval ${approvalId} is not decided`);
  return { approvalId, decision: DECISIONS[status], ...decision };
}
