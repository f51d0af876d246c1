import type { Clock } from "../internal/clock.ts";
import { DatabaseBusy } from "./sqlite-failure.ts";

const FIRST_WAIT_MS = 1;
const LONGEST_WAIT_MS = 25;

export interface BusyRetry {
  readonly busyMs: number;
  readonly clock: Clock;
  /** From 0 to 1: spreads the waits of processes that met. */
  readonly random: () => number;
}

/**
 * Calls `attempt` until it does not throw {@link DatabaseBusy}, or `busyMs` have passed: then it throws the last of
 * these. The first call is made at once, and when it succeeds there is no promise to wait for.
 */
export function retryWhileBusy<T>(attempt: () => T, retry: BusyRetry): T | Promise<T> {
  try {
    return attempt();
  } catch (error) {
    if (!(error instanceof DatabaseBusy)) throw error;
    return retryLater(attempt, retry);
  }
}

/** Waits between the calls without blocking the event loop. */
async function retryLater<T>(attempt: () => T, { busyMs, clock, random }: BusyRetry): Promise<T> {
  const giveUpAt = clock.now() + busyMs;
  for (let longestMs = FIRST_WAIT_MS; ; longestMs = Math.min(longestMs * 2, LONGEST_WAIT_MS)) {
    const waitMs = Math.min(longestMs * (0.5 + random() / 2), Math.max(giveUpAt - clock.now(), 0));
    await new Promise<void>((resolve) => void clock.after(waitMs, resolve));
    try {
      return attempt();
    } catch (error) {
      if (!(error instanceof DatabaseBusy) || clock.now() >= giveUpAt) throw error;
    }
  }
}
