import type { EngineCore } from "./engine-core.ts";
import type { OwnedRuns } from "./owned-runs.ts";

/** Numbers about one engine, for a dashboard. */
export interface RunEngineStats {
  readonly workerId: string;
  readonly heldSlots: number;
  readonly maxConcurrentRuns: number;
  /** Runs that this engine works on, those that it settles without a slot included. */
  readonly ownedRuns: number;
  readonly readers: number;
}

export function engineStats({ slots, feeds, options }: EngineCore, owned: OwnedRuns): RunEngineStats {
  return {
    workerId: options.workerId,
    heldSlots: slots.held,
    maxConcurrentRuns: slots.max,
    ownedRuns: owned.size,
    readers: feeds.readers,
  };
}
