import type { AgentObject } from "../agent/agent.ts";
import type { EngineCore, Fence } from "./engine-core.ts";
import { RunDraft, type SaidEvents } from "./run-draft.ts";
import type { RunRecord, RunTransaction } from "./run-store.ts";

export interface ClaimedRun {
  readonly agent: AgentObject;
  readonly run: RunRecord;
  readonly fence: Fence;
  readonly said: SaidEvents;
}

/**
 * Takes the first run that waits for a slot and whose agent this engine knows, as one step of the store. The others stay
 * where they are: while a new version is rolled out, an older worker must not fail what only newer ones can answer.
 */
export function claimNext(core: EngineCore, tx: RunTransaction): ClaimedRun | undefined {
  const next = tx.nextClaimable(core.agents);
  const agent = next === undefined ? undefined : core.options.agents.get(next.agent);
  if (next === undefined || agent === undefined) return undefined;
  const draft = new RunDraft(tx, next);
  if (next.queueAnnounced) {
    draft.say({ type: "run.dequeued", data: { activeRunCount: core.slots.held } });
    draft.set({ queueAnnounced: false });
  }
  // A resuming run stays what it is until its agent begins: a crash in between must find its intent (R5).
  if (next.state === "queued") draft.moveSilentlyTo("claimed");
  const fence = core.takeLease(draft);
  const said = draft.write();
  return { agent, run: draft.run, fence, said };
}
