import type { EngineCore } from "./engine-core.ts";
import type { RunRecord } from "./run-store.ts";

const BATCH = 20;

/** Deletes the events that retention gives up, a few runs at a time; their rows stay (S5). Returns how many runs. */
export async function trimRuns(core: EngineCore): Promise<number> {
  const { maxAgeMs, maxRuns } = core.options.retention;
  let trimmed = 0;
  for (;;) {
    const count = await core.transact((tx) => {
      const oldEnough = (run: RunRecord): boolean =>
        maxAgeMs !== undefined && run.finishedAt !== undefined && run.finishedAt <= core.now() - maxAgeMs;
      const tooMany = maxRuns === undefined ? [] : tx.trimmableRuns(BATCH, maxRuns);
      const runs = tooMany.length > 0 ? tooMany : tx.trimmableRuns(BATCH, 0).filter(oldEnough);
      for (const run of runs) {
        tx.trimEvents(run);
        tx.updateRun(run, { trimmedThrough: run.lastEventId });
      }
      return runs.length;
    });
    trimmed += count;
    if (count === 0) return trimmed;
  }
}
