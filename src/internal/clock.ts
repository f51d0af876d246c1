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
    let left = ms;
    let timer: ReturnType<typeof setTimeout> | undefined;
    function wait(): void {
      timer = setTimeout(left > LONGEST_TIMER_MS ? wait : callback, Math.min(left, LONGEST_TIMER_MS));
      left -= LONGEST_TIMER_MS;
    }
    if (ms !== Infinity) wait();
    return () => clearTimeout(timer);
  },
};
