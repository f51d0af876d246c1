import type { ExecutionSnapshot } from "../substrate/execution.ts";
import { isEnded } from "../substrate/execution.ts";
import type { EngineCore } from "./engine-core.ts";
import { recordCancel } from "./open-run.ts";
import type { RunDraft } from "./run-draft.ts";
import { snapshotOf } from "./snapshot.ts";
import { type TakenRun, takeRun } from "./take-run.ts";

/** What a stop has come to inside the store. */
export interface CancelledRun {
  readonly snapshot: ExecutionSnapshot;
  /** It had no owner: this worker has taken it, and must settle it. Else there is nothing to do, or its owner sees to it. */
  readonly taken?: TakenRun;
}

/** A stop, as one step of the store (S7). */
export function cancelRun(core: EngineCore, draft: RunDraft, reason: string | undefined): CancelledRun {
  const { state } = draft.run;
  if (isEnded(state) || state === "settling") return { snapshot: snapshotOf(draft.tx, draft.run) };
  if (state !== "cancelling") recordCancel(core, draft, reason);
  const snapshot = snapshotOf(draft.tx, draft.run);
  if (core.hasOwner(draft.run)) return { snapshot };
  return { snapshot, taken: takeRun(core, draft, { how: "cancelled" }) };
}
