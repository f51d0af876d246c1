import { checkObject } from "../internal/check-argument.ts";
import type { LooseIterator } from "./iterate.ts";

/** A loop that never waits would keep sockets and timers waiting: after this many values it lets them have their turn. */
const VALUES_PER_TIMER = 65_536;

/** Who a pump works for. */
export interface PumpOwner {
  /** Once it says no, no step more is taken. */
  readonly isOpen: () => boolean;
  readonly drained: () => void;
  readonly failed: (error: unknown) => void;
}

/**
 * Moves every value of an iterator to `accept`, waiting whenever `accept` asks for it. Never throws.
 *
 * A chain of callbacks rather than a loop with a race in it: a race per value costs more than the value.
 */
export function pump<T>(
  iterator: LooseIterator<T>,
  accept: (value: T) => Promise<void> | undefined,
  { isOpen, drained, failed }: PumpOwner,
): void {
  let values = 0;

  function advance(): void {
    if (!isOpen()) return;
    try {
      const result = iterator.next();
      (result instanceof Promise ? result : Promise.resolve(result)).then(take, failed);
    } catch (error) {
      failed(error);
    }
  }

  function take(result: IteratorResult<T>): void {
    if (!isOpen()) return;
    try {
      checkObject("next()", result);
      // Like everything that comes from the iterator, `done` may be a getter that throws.
      if (result.done === true) return drained();
      const room = accept(result.value);
      if (room !== undefined) room.then(advance, failed);
      else if (++values % VALUES_PER_TIMER === 0) setTimeout(advance, 0);
      else advance();
    } catch (error) {
      failed(error);
    }
  }

  advance();
}
