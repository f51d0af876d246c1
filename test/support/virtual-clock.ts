import type { Clock } from "../../src/index.ts";
import { nextTimer } from "../../src/internal/macrotask.ts";

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/** Time that passes only when a test says so. */
export interface VirtualClock extends Clock {
  /**
   * Lets `ms` pass: what is due runs in the order of its time, and whatever it set off settles before the next.
   */
  advance(ms: number): Promise<void>;
  /** How many timers are set and neither ran nor were cancelled. */
  readonly pending: number;
}

/** `settled` waits for whatever a timer set off, where a test knows a quicker way than {@link settle}. */
export function createVirtualClock(settled: () => Promise<void> = settle): VirtualClock {
  const timers = new Set<Timer>();
  let now = 1_000_000;

  function nextDue(until: number): Timer | undefined {
    let next: Timer | undefined;
    // A set keeps the order in which timers were set, which decides between those of the same time.
    for (const timer of timers) if (timer.at <= until && (next === undefined || timer.at < next.at)) next = timer;
    return next;
  }

  return {
    now: () => now,
    after(ms, callback) {
      const timer = { at: now + ms, callback };
      if (ms !== Infinity) timers.add(timer);
      return () => void timers.delete(timer);
    },
    async advance(ms) {
      const until = now + ms;
      await settled();
      for (let timer = nextDue(until); timer !== undefined; timer = nextDue(until)) {
        timers.delete(timer);
        now = timer.at;
        timer.callback();
        await settled();
      }
      now = until;
    },
    get pending() {
      return timers.size;
    },
  };
}

/** Lets everything happen that waits for nothing but its turn. */
export async function settle(): Promise<void> {
  // Streams of some runtimes take a macrotask of their own to carry a chunk.
  for (let round = 0; round < 2; round++) await nextTimer();
}
