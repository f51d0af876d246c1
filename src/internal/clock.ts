/** Time as a parameter, so that tests can drive it. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls `callback` once after `ms` (never, for `Infinity`), and returns what cancels it. */
  after(ms: number, callback: () => void): () => void;
}

// A longer delay overflows the platforms' 32-bit timers, which then fire at once.
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, callback) {
    if (ms === Infinity) return () => undefined;
    if (ms <= LONGEST_TIMER_MS) {
      const timer = setTimeout(callback, ms);
      return () => clearTimeout(timer);
    }
    let cancel = systemClock.after(LONGEST_TIMER_MS, () => {
      cancel = systemClock.after(ms - LONGEST_TIMER_MS, callback);
    });
    return () => cancel();
  },
};
