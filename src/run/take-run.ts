import type { TurnError } from "../errors.ts";
import type { EngineCore, Fence } from "./engine-core.ts";
import type { RunDraft } from "./run-draft.ts";
import type { RunRecord } from "./run-store.ts";

/** How a run that has no agent to call any more is settled. */
export type Ending =
  | { readonly how: "cancelled" }
  | { readonly how: "failed"; readonly error: TurnError }
  /** Goes on with a settle that was begun before. */
  | { readonly how: "resettled"; readonly giveUp?: TurnError };

/** A run that this worker has taken without a slot, because nobody holds it, and what is to be done with it. */
export interface TakenRun {
  readonly run: RunRecord;
  readonly fence: Fence;
  readonly ending: Ending;
}

export function takeRun(core: EngineCore, draft: RunDraft, ending: Ending): TakenRun {
  const fence = core.takeLease(draft);
  return { run: draft.run, fence, ending };
}
