import { TurnError } from "../errors.ts";
import { canonicalJson } from "../internal/canonical-json.ts";
import type { ApprovalDecision } from "../substrate/execution.ts";
import { toTurnError } from "./follow-run.ts";
import type { KnownRun } from "./known-runs.ts";
import { RemoteFailure } from "./remote-failure.ts";
import type { ResolvedSandbox } from "./sandbox-options.ts";

/**
 * Takes a decision to the sandbox, once (R7). That the same one again is the same, this process remembers; to another
 * process the sandbox says that the question is answered.
 */
export async function decideRun(
  known: KnownRun,
  approvalId: string,
  decision: ApprovalDecision,
  { transport, answer }: ResolvedSandbox,
): Promise<void> {
  const asked = known.fold.approvals.get(approvalId);
  const { run, decisions, fold } = known;
  if (asked === undefined) {
    throw new TurnError("approval-not-found", `The execution ${run.executionId} has not asked ${approvalId}`);
  }
  const text = canonicalJson({ ...decision }, "decision");
  const taken = decisions.get(approvalId);
  if (taken !== undefined) {
    if (taken.text !== text) {
      throw new TurnError(
        "approval-decided",
        `The approval ${approvalId} was decided before: ${taken.decision.decision}`,
      );
    }
    return taken.delivered;
  }
  if (asked.withdrawn || fold.ended) {
    throw new TurnError("approval-expired", `The approval ${approvalId} is not waited for any more`);
  }
  const { request } = asked.request;
  const delivered = transport.respond(run, { id: approvalId, ...answer(request, decision) }).catch((error: unknown) => {
    decisions.delete(approvalId);
    throw refusal(error, approvalId);
  });
  decisions.set(approvalId, { text, decision, delivered });
  return delivered;
}

function refusal(error: unknown, approvalId: string): unknown {
  if (!(error instanceof RemoteFailure)) return error;
  switch (error.status) {
    case 404:
      return new TurnError("approval-not-found", `The sandbox has no open question ${approvalId}`);
    case 409:
      return new TurnError("approval-decided", `The approval ${approvalId} was decided before`);
    case 410:
      return new TurnError("approval-expired", `The approval ${approvalId} is not waited for any more`);
    default:
      return toTurnError(error);
  }
}
