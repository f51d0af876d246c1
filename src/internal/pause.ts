import type { Clock } from "./clock.ts";
import { onAbort } from "./on-abort.ts";

/** Waits so long, or until the signal fires. Leaves neither a timer nor a listener behind. */
export function pause(clock: Clock, ms: number, signal: AbortSignal | undefined): Promise<void> {
  let stopTimer: () => void = () => undefined;
  let forget = stopTimer;
  const over = new Promise<void>((resolve) => {
    stopTimer = clock.after(ms, resolve);
    forget = onAbort(signal, resolve);
  });
  return over.then(() => {
    stopTimer();
    forget();
  });
}

/** The wait before a try, after so many failures in a row: doubling, and spread so that not all come back together. */
export function backoffMs(
  { baseMs, maxMs }: { readonly baseMs: number; readonly maxMs: number },
  failures: number,
  random: () => number,
): number {
  return Math.min(maxMs, baseMs * 2 ** Math.min(failures - 1, 30)) * (0.5 + random() / 2);
}
