import { isEnded } from "../substrate/execution.ts";
import { readCancelIntent } from "./cancel-intent.ts";
import type { EngineCore } from "./engine-core.ts";
import type { OwnedRuns } from "./owned-runs.ts";

/** What there is to do for this worker. */
export interface Waiting {
  /** Time alone must move a run. */
  readonly due: boolean;
  /** A run may be claimed. */
  readonly claimable: boolean;
}

/**
 * Asks the store what other processes and time have done since the last look: passes on stops that others have recorded
 * for runs at work here, and how far logs have come that others write.
 */
export async function hearOthers(core: EngineCore, owned: OwnedRuns): Promise<Waiting> {
  const { feeds, options, slots } = core;
  const { due, claimable, cancelling, logs } = await core.transact((tx) => ({
    due: tx.dueRuns(core.now(), 1, core.agents).length > 0,
    claimable: slots.free && tx.nextClaimable(core.agents) !== undefined,
    cancelling: tx
      .ownedRuns(options.workerId, "cancelling")
      .map((run) => ({ executionId: run.executionId, reason: readCancelIntent(tx, run).reason })),
    logs: [...feeds.entries()]
      .filter(([executionId]) => !owned.has(executionId))
      .map(([executionId, feed]) => ({ feed, run: tx.getRun(executionId) })),
  }));
  for (const { executionId, reason } of cancelling) owned.cancel(executionId, reason);
  for (const { feed, run } of logs) if (run !== undefined) feed.advance(run.lastEventId, isEnded(run.state));
  return { due, claimable };
}
