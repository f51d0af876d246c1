import { InferenceError } from "./inference-error.ts";
import type { ActiveRun } from "./active-run.ts";

/*
 * Code that is written once and runs both ways. A step is a generator that yields only where it meets a promise; whoever
 * drives it either waits for that, or refuses. Where nothing is asynchronous, nothing waits, not even a microtask.
 */

/** A promise that a step has met, and whose it is: for the refusal's message. */
export interface Wait {
  readonly promise: PromiseLike<unknown>;
  readonly what: string;
}

export type Steps<T> = Generator<Wait, T, unknown>;

/** A callback's answer, waited for if it must be. */
export function* settle<T>(value: T | PromiseLike<T>, what: string): Steps<T> {
  return isThenable(value) ? ((yield { promise: value, what }) as T) : value;
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}

/** Runs steps to their end: at once where all is synchronous. A run that stops ends what waits for it at once. */
export function drive<T>(run: ActiveRun, steps: Steps<T>): T | Promise<T> {
  const first = steps.next();
  if (first.done === true) return first.value;
  if (run.isSync) {
    const error = refuse(run, first.value);
    // Lets the steps clean up. The run is stopped: they can only fail, and with this.
    steps.throw(error);
    throw error;
  }
  const promise = new Promise<T>((resolve, reject) => {
    const advance = (resume: () => IteratorResult<Wait, T>): void => {
      try {
        const step = resume();
        if (step.done === true) resolve(step.value);
        else wait(step.value);
      } catch (error) {
        reject(error);
      }
    };
    const wait = ({ promise: awaited }: Wait): void => {
      let over = false;
      let unwatch = (): void => undefined;
      const once = (resume: () => IteratorResult<Wait, T>): void => {
        if (over) return;
        over = true;
        unwatch();
        advance(resume);
      };
      // It may have been stopped by the very callback that returned the promise; then this resumes at once.
      unwatch = run.onStop((error) => once(() => steps.throw(error)));
      if (over) ignore(awaited);
      else {
        awaited.then(
          (value) => once(() => steps.next(value)),
          (error: unknown) => once(() => steps.throw(error)),
        );
      }
    };
    wait(first.value);
  });
  // It may be a promise that nobody looks at, as in a middleware that does not wait for `next`.
  ignore(promise);
  return promise;
}

function refuse(run: ActiveRun, { promise, what }: Wait): Error {
  ignore(promise);
  const message = `run() cannot wait, and ${what} is asynchronous: use runAsync() or start()`;
  const error = new InferenceError("asynchronous", message);
  // So that nothing on the way out takes it for a failure that can be handled.
  run.stop(error);
  return error;
}

export function ignore(promise: PromiseLike<unknown>): void {
  promise.then(undefined, () => undefined);
}

/** All of the tasks, at most `limit` at a time, begun in order. The first failure ends it, and no further one begins. */
export function* inParallel<T>(run: ActiveRun, tasks: readonly (() => Steps<T>)[], limit: number): Steps<T[]> {
  const results: T[] = [];
  if (limit === 1 || tasks.length === 1) {
    for (const task of tasks) results.push(yield* task());
    return results;
  }
  let next = 0;
  function* work(): Steps<void> {
    try {
      while (next < tasks.length) {
        const index = next++;
        const task = tasks[index];
        if (task !== undefined) results[index] = yield* task();
      }
    } catch (error) {
      next = tasks.length;
      throw error;
    }
  }
  const pending: PromiseLike<void>[] = [];
  for (let worker = 0; worker < limit && next < tasks.length; worker++) {
    const outcome = drive(run, work());
    if (isThenable(outcome)) pending.push(outcome);
  }
  if (pending.length > 0) yield { promise: Promise.all(pending), what: "a tool" };
  return results;
}
