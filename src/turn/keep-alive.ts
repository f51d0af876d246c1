import type { Clock } from "../internal/clock.ts";

/** Speaks up after a silence, so that nothing on the way takes a thinking agent for a dead connection. */
export interface KeepAlive {
  /** Something was sent. */
  noted(): void;
  stop(): void;
}

export function startKeepAlive(clock: Clock, silenceMs: number, speak: () => void): KeepAlive {
  let last = clock.now();
  let cancel = clock.after(silenceMs, onTimer);

  // One timer that looks back, rather than one set anew for each event.
  function onTimer(): void {
    const left = last + silenceMs - clock.now();
    if (left > 0) {
      cancel = clock.after(left, onTimer);
      return;
    }
    cancel = clock.after(silenceMs, onTimer);
    last = clock.now();
    speak();
  }

  return {
    noted() {
      last = clock.now();
    },
    stop: () => cancel(),
  };
}
