import type { Clock } from "../internal/clock.ts";

/** Notices that nothing has happened for a while. Saying that something did costs no timer. */
export interface StallGuard {
  touch(): void;
  stop(): void;
}

export function createStallGuard(clock: Clock, stallMs: number, onStall: () => void): StallGuard {
  let last = clock.now();
  let cancel = clock.after(stallMs, check);
  function check(): void {
    const left = last + stallMs - clock.now();
    if (left <= 0) onStall();
    else cancel = clock.after(left, check);
  }
  return {
    touch: () => void (last = clock.now()),
    stop: () => cancel(),
  };
}
