import type { JsonValue } from "../event/json.ts";
import { defined } from "../internal/defined.ts";
import type { RunDraft } from "./run-draft.ts";
import type { RunRecord, RunTransaction } from "./run-store.ts";

/** What is kept of a stop, from its record to the run's end. */
export interface CancelIntent {
  readonly reason?: string | undefined;
  /** Whether the run's agent had been called, or was about to be, when the stop was recorded. */
  readonly agentBegun: boolean;
}

const BEGUN: ReadonlySet<RunRecord["state"]> = new Set(["running", "waiting_for_approval", "resuming"]);

/** Whether the agent of a live run has been called, or was about to be. */
export function isAgentBegun(run: RunRecord): boolean {
  // Every attempt but the first comes after one that was running.
  return BEGUN.has(run.state) || run.attempt > 1;
}

/** Records a stop; to be called while the run is still in the state that it is stopped in. */
export function putCancelIntent({ tx, run }: RunDraft, reason: string | undefined): void {
  const intent: CancelIntent = { reason, agentBegun: isAgentBegun(run) };
  tx.putDocument(run, "cancel", defined(intent) as unknown as JsonValue);
}

export function readCancelIntent(tx: RunTransaction, run: RunRecord): CancelIntent {
  return (tx.getDocument(run, "cancel") as unknown as CancelIntent | undefined) ?? { agentBegun: false };
}
