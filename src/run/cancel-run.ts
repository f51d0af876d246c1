import type { ExecutionSnapshot } from "../substrate/execution.ts";
import { isEnded } from "../substrate/execution.ts";
import type { EngineCore, Fence } from "./engine-core.ts";
import { recordCancel } from "./open-run.ts";
import type { RunDraft } from "./run-draft.ts";
import type { RunRecord } from "./run-store.ts";
import { snapshotOf } from "./snapshot.ts";

/** What a stop has come to inside the store. */
export type CancelledRun =
  /** Nothing to do, or its owner will see to it. */
  | { readonly snapshot: ExecutionSnapshot }
  /** It had no owner: this worker has taken it, and must settle it. */
  | { readonly taken: RunRecord; readonly fence: Fence };

/** A stop, as one step of the store (S7). */
export function cancelRun(core: EngineCore, draft: RunDraft, reason: string | undefined): CancelledRun {
  const { state } = draft.run;
  if (isEnded(state) || state === "settling") return { snapshot: snapshotOf(draft.tx, draft.run) };
  if (state !== "cancelling") recordCancel(core, draft, reason);
  if (core.hasOwner(draft.run)) return { snapshot: snapshotOf(draft.tx, draft.run) };
  const fence = core.takeLease(draft);
  return { taken: draft.run, fence };
}
