import type { ActiveRun } from "./active-run.ts";
import { onStop } from "./run-watchers.ts";

/** Some time, unless the run is stopped: then nobody waits for it, and its timer is gone. */
export function sleep(run: ActiveRun, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const cancelTimer = run.clock.after(ms, () => {
      unwatch();
      resolve();
    });
    const unwatch = onStop(run, cancelTimer);
  });
}
