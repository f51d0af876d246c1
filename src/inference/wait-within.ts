import type { ActiveRun } from "./active-run.ts";
import { onStop } from "./run-watchers.ts";
import { isThenable } from "./is-thenable.ts";

/** `waitWithin`, as it is given to a run: a VM parses it when a session is made that needs it. */
export type WaitWithin = typeof waitWithin;

/**
 * What `begin` of a tool answers, or an error when that takes longer than `ms`. The signal that `begin` is given fires then, and
 * when the run is stopped. No timer is left.
 */
export function waitWithin(run: ActiveRun, ms: number, name: string, begin: (signal: AbortSignal) => unknown): unknown {
  const own = new AbortController();
  const fire = (reason: Error): void => {
    try {
      own.abort(reason);
    } catch (error) {
      // On workerd what a listener throws comes out here, and nobody behind it would hear of the stop.
      run.log("A listener to a signal failed", { error });
    }
  };
  const late = (): Error => {
    const error = new Error(`The tool ${name} took more than ${ms} ms (executionTimeoutMs)`);
    fire(error);
    return error;
  };
  const { clock } = run;
  const begunAt = clock.now();
  let cancelTimer = (): void => undefined;
  const unwatch = onStop(run, (error) => {
    cancelTimer();
    fire(error);
  });
  const over = (): void => {
    cancelTimer();
    unwatch();
  };
  try {
    const answer = begin(own.signal);
    if (isThenable(answer)) {
      // Nobody waits for it: the run was stopped by the tool itself, or may not wait.
      if (run.isSync || run.stopped !== undefined) {
        over();
        return answer;
      }
      const time = new Promise<never>((_, reject) => {
        cancelTimer = clock.after(ms, () => reject(late()));
      });
      return Promise.race([answer, time]).finally(over);
    }
    // It cannot be cut off, but being late is being late.
    if (clock.now() - begunAt > ms) throw late();
    over();
    return answer;
  } catch (error) {
    over();
    throw error;
  }
}
