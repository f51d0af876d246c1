import type { Clock } from "../internal/clock.ts";

/** Speaks up after a silence, so that nothing on the way takes a thinking agent for a dead connection. */
export interface KeepAlive {
  /** Something was sent. */
  noted(): void;
  stop(): void;
}

export function startKeepAlive(clock: Clock, keepAliveMs: number, speak: () => void): KeepAlive {
  let last = clock.now();
  let cancel = clock.after(keepAliveMs, onTimer);

  // One timer that looks back, rather than one set anew for each event.
  function onTimer(): void {
    const now = clock.now();
    // A clock that was set back would have nothing said until it is where it was.
    last = Math.min(last, now);
    const left = last + keepAliveMs - now;
    cancel = clock.after(left > 0 ? left : keepAliveMs, onTimer);
    if (left <= 0) speak();
  }

  return {
    noted() {
      // Where it is off, no event pays for a look at the clock.
      if (keepAliveMs < Infinity) last = clock.now();
    },
    stop: () => cancel(),
  };
}
