import type { EngineCore, Fence } from "./engine-core.ts";
import { RunDraft, type SaidEvents } from "./run-draft.ts";
import type { RunRecord, RunTransaction } from "./run-store.ts";

export interface ClaimedRun {
  readonly run: RunRecord;
  readonly fence: Fence;
  readonly said: SaidEvents;
}

/** Takes the first run that waits for a slot, as one step of the store. */
export function claimNext(core: EngineCore, tx: RunTransaction): ClaimedRun | undefined {
  const next = tx.nextClaimable();
  if (next === undefined) return undefined;
  const draft = new RunDraft(tx, next);
  if (next.queueAnnounced) {
    draft.say({ type: "run.dequeued", data: { activeRunCount: core.slots.held } });
    draft.set({ queueAnnounced: false });
  }
  // A resuming run stays what it is until its agent begins: a crash in between must find its intent (R5).
  if (next.state === "queued") draft.moveSilentlyTo("claimed");
  const fence = core.takeLease(draft);
  const said = draft.write();
  return { run: draft.run, fence, said };
}
