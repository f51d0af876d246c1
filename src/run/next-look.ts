import type { EngineCore } from "./engine-core.ts";
import type { RunTransaction } from "./run-store.ts";

/** When somebody must look after the store's runs at the latest, should nothing happen before; undefined for never. */
export function nextLook(tx: RunTransaction, core: EngineCore): number | undefined {
  const { leaseMs, retention } = core.options;
  const times = [tx.nextWakeAt(core.agents)];
  // What waits for a slot has no lease that lapses: whoever was about to take it may be gone.
  if (tx.nextClaimable(core.agents) !== undefined) times.push(core.now() + leaseMs);
  if (retention.maxAgeMs !== undefined) {
    const finishedAt = tx.trimmableRuns(1, 0)[0]?.finishedAt;
    if (finishedAt !== undefined) times.push(finishedAt + retention.maxAgeMs);
  }
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}
