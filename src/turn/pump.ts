import { describeValue } from "../internal/describe-value.ts";
import { nextMacrotask, nextTimer } from "../internal/macrotask.ts";
import type { LooseIterator } from "./iterate.ts";

/** A loop that never waits would keep sockets waiting: after this many values it lets them have their turn. */
const VALUES_PER_MACROTASK = 4096;
/** And after this many it waits for timers too, which takes longer. */
const VALUES_PER_TIMER: number = 16 * VALUES_PER_MACROTASK;

/** How a pump came to its end. */
export type PumpEnd =
  { readonly how: "drained" } | { readonly how: "stopped" } | { readonly how: "threw"; error: unknown };

/**
 * Moves every value of an iterator to `accept`, waiting whenever `accept` asks for it. A stop ends it at once, also
 * while the iterator hangs in `next()`; what the iterator says afterwards is dropped. Never rejects.
 *
 * A chain of callbacks rather than a loop with a race in it: a race per value costs more than the value.
 */
export function pump<T>(
  iterator: LooseIterator<T>,
  accept: (value: T) => Promise<void> | undefined,
  stop: AbortSignal,
): Promise<PumpEnd> {
  return new Promise((resolve) => {
    let open = true;
    let values = 0;

    function end(result: PumpEnd): void {
      if (!open) return;
      open = false;
      stop.removeEventListener("abort", onStop);
      resolve(result);
    }

    function onStop(): void {
      end({ how: "stopped" });
    }

    function fail(error: unknown): void {
      end({ how: "threw", error });
    }

    function advance(): void {
      if (!open) return;
      try {
        const result = iterator.next();
        (result instanceof Promise ? result : Promise.resolve(result)).then(take, fail);
      } catch (error) {
        fail(error);
      }
    }

    function take(result: IteratorResult<T>): void {
      if (!open) return;
      if (typeof result !== "object" || result === null) {
        fail(new TypeError(`An iterator's next() must give an object, got ${describeValue(result)}`));
        return;
      }
      try {
        // Like everything that comes from the iterator, `done` may be a getter that throws.
        if (result.done === true) {
          end({ how: "drained" });
          return;
        }
        const room = accept(result.value);
        if (room !== undefined) room.then(advance, fail);
        else if (++values % VALUES_PER_MACROTASK === 0) letOthersRun(values).then(advance, fail);
        else advance();
      } catch (error) {
        fail(error);
      }
    }

    if (stop.aborted) {
      onStop();
      return;
    }
    stop.addEventListener("abort", onStop);
    advance();
  });
}

function letOthersRun(values: number): Promise<void> {
  return values % VALUES_PER_TIMER === 0 ? nextTimer() : nextMacrotask();
}
