import { type ActiveRun, stopRun } from "./active-run.ts";
import { failure } from "./inference-error.ts";
import { isThenable } from "./is-thenable.ts";
import { onStop } from "./run-watchers.ts";

/*
 * Code that is written once and runs both ways. A step is a generator that yields only where it meets a promise, which
 * a synchronous run refuses before it is yielded. Where nothing is asynchronous, nothing waits, not even a microtask.
 */

export type Steps<T> = Generator<PromiseLike<unknown>, T, unknown>;

/**
 * Whether a step has met a promise, which it then yields. A run that cannot wait is refused; `whose` it is, the two texts in
 * one, is for that.
 */
export function mustWait(run: ActiveRun, value: unknown, whose: string, name?: string): value is PromiseLike<unknown> {
  if (!isThenable(value)) return false;
  if (!run.isSync) return true;
  ignore(value);
  const message = `run() cannot wait, and ${whose}${name ?? ""} is asynchronous: use runAsync() or start()`;
  const error = failure("asynchronous", message);
  // So that nothing on the way out takes it for a failure that can be handled.
  stopRun(run, error);
  throw error;
}

/** Runs steps to their end: at once where all is synchronous. A run that stops ends what waits for it at once. */
export function drive<T>(run: ActiveRun, steps: Steps<T>): T | Promise<T> {
  let step = steps.next();
  if (step.done === true) return step.value;
  return new Promise<T>((resolve, reject) => {
    // Whether it is at a promise, and no stop has ended it there.
    let waits = true;
    const stop = (error: Error): void => {
      if (!waits) return;
      waits = false;
      try {
        while (step.done !== true) step = steps.throw(error);
        resolve(step.value);
      } catch (thrown) {
        reject(thrown);
      }
    };
    const pump = async (): Promise<void> => {
      for (;;) {
        let value: unknown;
        let failed = false;
        try {
          value = await step.value;
        } catch (error) {
          value = error;
          failed = true;
        }
        if (!waits) return;
        waits = false;
        step = failed ? steps.throw(value) : steps.next(value);
        if (step.done === true) {
          resolve(step.value);
          return;
        }
        waits = true;
        // It may have been stopped by the very callback that returned the next promise.
        if (run.stopped !== undefined) {
          ignore(step.value);
          stop(run.stopped);
          return;
        }
      }
    };
    // First the wait, so that nothing that rejects is unheard; what has stopped the run already ends it here.
    const pumped = pump();
    pumped.then(onStop(run, stop), reject);
  });
}

export function ignore(promise: PromiseLike<unknown>): void {
  promise.then(undefined, () => undefined);
}

/** A task for each item, at most `limit` at a time, begun in order. The first failure ends it, and no further one begins. */
export function inParallel<I, T>(
  run: ActiveRun,
  items: readonly I[],
  limit: number,
  task: (item: I) => Steps<T>,
): T[] | Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  function* work(): Steps<void> {
    try {
      while (next < items.length) {
        const index = next++;
        results[index] = yield* task(items[index] as I);
      }
    } catch (error) {
      next = items.length;
      throw error;
    }
  }
  const pending: PromiseLike<void>[] = [];
  while (pending.length < limit && next < items.length) {
    const outcome = drive(run, work());
    if (isThenable(outcome)) {
      // One that begins later may throw, and then nobody waits for this one.
      ignore(outcome);
      pending.push(outcome);
    }
  }
  return pending.length > 0 ? Promise.all(pending).then(() => results) : results;
}
