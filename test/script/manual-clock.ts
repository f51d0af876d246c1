import type { Clock } from "../../src/internal/clock.ts";

/** Time that stands still until a test moves it. */
export interface ManualClock extends Clock {
  advance(ms: number): void;
  /** Timers that are set and have not fired. */
  pending(): number;
}

export function manualClock(start = 0): ManualClock {
  let now = start;
  const timers = new Set<{ readonly at: number; readonly callback: () => void }>();
  return {
    now: () => now,
    after(ms, callback) {
      const timer = { at: now + ms, callback };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    advance(ms) {
      now += ms;
      for (const timer of [...timers].sort((a, b) => a.at - b.at)) {
        if (timer.at > now || !timers.delete(timer)) continue;
        timer.callback();
      }
    },
    pending: () => timers.size,
  };
}
