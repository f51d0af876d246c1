import type { Clock } from "../internal/clock.ts";

const FIRST_WAIT_MS = 1;
const LONGEST_WAIT_MS = 25;

export interface BusyRetry {
  readonly busyMs: number;
  readonly clock: Clock;
  /** From 0 to 1: spreads the waits of processes that met. */
  readonly random: () => number;
}

/**
 * Calls `attempt` until it does not throw what `isBusy` is true of, or `busyMs` have passed: then it throws the last of
 * these. Waits between the calls without blocking the event loop.
 */
export async function retryWhileBusy<T>(
  attempt: () => T,
  isBusy: (error: unknown) => boolean,
  { busyMs, clock, random }: BusyRetry,
): Promise<T> {
  const startedAt = clock.now();
  for (let longestMs = FIRST_WAIT_MS; ; longestMs = Math.min(longestMs * 2, LONGEST_WAIT_MS)) {
    try {
      return attempt();
    } catch (error) {
      const leftMs = startedAt + busyMs - clock.now();
      if (!isBusy(error) || leftMs <= 0) throw error;
      const waitMs = Math.min(longestMs * (0.5 + random() / 2), leftMs);
      await new Promise<void>((resolve) => void clock.after(waitMs, resolve));
    }
  }
}
