import type { Clock } from "../internal/clock.ts";

/** Notices that nothing has happened for a while. Saying that something did costs no timer. */
export interface StallGuard {
  /** From now on something is waited for. */
  touch(): void;
  /** Nothing is waited for until the next `touch`: it came, and a slow reader works on it. */
  hold(): void;
  stop(): void;
}

export function createStallGuard(clock: Clock, stallMs: number, onStall: () => void): StallGuard {
  let last = clock.now();
  let held = false;
  let cancel = clock.after(stallMs, check);
  function check(): void {
    const now = clock.now();
    // A clock that was set back would make the wait longer by as much.
    if (held || last > now) last = now;
    const left = last + stallMs - now;
    if (left <= 0) onStall();
    else cancel = clock.after(left, check);
  }
  return {
    touch() {
      last = clock.now();
      held = false;
    },
    hold: () => void (held = true),
    stop: () => cancel(),
  };
}
