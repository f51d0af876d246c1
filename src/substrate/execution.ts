import type { Cursor } from "../event/cursor.ts";
import type { JsonValue } from "../event/json.ts";
import type { TurnFailure } from "../event/outcome.ts";

/** Where an execution stands. Which may follow which is the run engine's business (`run/run-state.ts`). */
export type ExecutionState =
  | "queued"
  | "claimed"
  | "running"
  | "waiting_for_approval"
  | "resuming"
  | "cancelling"
  | "settling"
  | "completed"
  | "failed"
  | "cancelled";

const ENDED: ReadonlySet<ExecutionState> = new Set<ExecutionState>(["completed", "failed", "cancelled"]);

/** Whether nothing more will happen to an execution in this state. */
export function isEnded(state: ExecutionState): boolean {
  return ENDED.has(state);
}

/** How an approval stands. */
export type ApprovalStatus = "pending" | "approved" | "edited" | "rejected" | "expired";

/** A question to a person, as a snapshot shows it. */
export interface ApprovalSnapshot {
  readonly approvalId: string;
  readonly toolName: string;
  readonly input: JsonValue;
  readonly reason?: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt?: number;
  readonly status: ApprovalStatus;
}

/** What a person says to an approval. */
export interface ApprovalDecision {
  readonly decision: "approve" | "edit" | "reject";
  /** With `edit`: what the tool shall get instead. */
  readonly input?: JsonValue;
  readonly note?: string;
}

/** An execution at one moment. */
export interface ExecutionSnapshot {
  readonly executionId: string;
  readonly sessionId: string;
  readonly tenantId: string;
  readonly state: ExecutionState;
  /** How often the substrate has begun it, from 1. */
  readonly attempt: number;
  readonly lastEventId?: Cursor;
  readonly finalText?: string;
  readonly failure?: TurnFailure;
  readonly approvals: readonly ApprovalSnapshot[];
}
