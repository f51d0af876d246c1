import { isTurnError } from "../errors.ts";
import type { EngineCore } from "./engine-core.ts";
import type { EngineLife } from "./engine-life.ts";
import type { OwnedRuns } from "./owned-runs.ts";
import { recoverRun } from "./recover-run.ts";

const SWEEP_LIMIT = 100;

/**
 * Looks after every run that time alone must move (R5), one by one; returns how many there were. One that cannot be moved
 * holds up none of the others; what it fails with is thrown in the end.
 */
export async function recoverDue(core: EngineCore, life: EngineLife, owned: OwnedRuns): Promise<number> {
  let moved = 0;
  let failure: { readonly error: unknown } | undefined;
  while (life.works) {
    // A run at work here is nobody's to recover: its own renewal decides.
    const limit = SWEEP_LIMIT + owned.size;
    const due = await core.transact((tx) => tx.dueRuns(core.now(), limit, core.agents));
    const others = due.filter(({ executionId }) => !owned.has(executionId));
    for (const { executionId } of others) {
      if (!life.works) break;
      try {
        await recoverOne(core, owned, executionId);
        moved++;
      } catch (error) {
        // A store that is busy lets none of them through, and each would wait as long.
        if (isTurnError(error, "store-busy")) throw error;
        failure ??= { error };
      }
    }
    // What has failed is due still: another look now would find the same.
    if (due.length < limit || failure !== undefined) break;
  }
  if (failure !== undefined) throw failure.error;
  return moved;
}

function recoverOne(core: EngineCore, owned: OwnedRuns, executionId: string): Promise<void> {
  return owned.take(async () => {
    const taken = await core.change(executionId, (draft) => recoverRun(core, draft));
    if (taken !== undefined) void owned.settle(taken);
  });
}
