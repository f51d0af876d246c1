import type { ActiveRun } from "./active-run.ts";

/** A promise, or `late()`'s error when it takes longer than `ms`. Its timer goes when the run is stopped. */
export function waitWithin<T>(run: ActiveRun, promise: PromiseLike<T>, ms: number, late: () => Error): Promise<T> {
  let done = (): void => undefined;
  const time = new Promise<never>((_, reject) => {
    const cancelTimer = run.clock.after(ms, () => reject(late()));
    const unwatch = run.onStop(cancelTimer);
    done = () => {
      cancelTimer();
      unwatch();
    };
  });
  return Promise.race([promise, time]).finally(done);
}

/** Some time; it ends at once, as a failure, when the run is stopped. */
export function sleep(run: ActiveRun, ms: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancelTimer = run.clock.after(ms, () => {
      unwatch();
      resolve();
    });
    const unwatch = run.onStop((error) => {
      cancelTimer();
      reject(error);
    });
  });
}
