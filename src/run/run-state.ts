import type { ExecutionState } from "../substrate/execution.ts";

/** The only table of legal transitions. Each is committed together with the events that announce it. */
const NEXT: Readonly<Record<ExecutionState, readonly ExecutionState[]>> = {
  // Settling straight away: its deadline passed, or nobody can answer it.
  queued: ["claimed", "cancelling", "settling"],
  // Back to the queue: its worker was lost before the agent was called.
  claimed: ["running", "queued", "cancelling", "settling"],
  // Back to the queue: its worker was lost, and the agent may be called again.
  running: ["settling", "waiting_for_approval", "queued", "cancelling"],
  waiting_for_approval: ["resuming", "cancelling"],
  resuming: ["running", "cancelling", "settling"],
  cancelling: ["settling"],
  settling: ["completed", "failed", "cancelled"],
  completed: [],
  failed: [],
  cancelled: [],
};

/** Whether a run may go from one state to another. */
export function canTransition(from: ExecutionState, to: ExecutionState): boolean {
  return NEXT[from].includes(to);
}

/** Refuses a transition that the table does not have: a mistake of the engine's, never of a caller's. */
export function checkTransition(executionId: string, from: ExecutionState, to: ExecutionState): void {
  if (!canTransition(from, to)) throw new Error(`Run ${executionId} cannot go from ${from} to ${to}`);
}
