import { checkCount, checkDuration, checkFiniteDuration, checkObject } from "../internal/check-argument.ts";
import { type Clock, systemClock } from "../internal/clock.ts";

/** How long a lost connection is looked for. Each new event starts the count afresh. */
export interface SandboxRetry {
  /** Tries in a row that bring nothing new. Default: as many as `limitMs` allows. */
  readonly attempts?: number;
  /** Before the second try; doubles from there. Default 200. */
  readonly baseMs?: number;
  /** The longest wait between two tries, unless the sandbox itself asks for more. Default 2,000. */
  readonly maxMs?: number;
  /** Give up after so long without anything new. Default 10,000. */
  readonly limitMs?: number;
}

export interface ResolvedRetry extends Required<SandboxRetry> {
  readonly clock: Clock;
  readonly random: () => number;
}

export function resolveRetry(retry: SandboxRetry = {}, clock: Clock = systemClock): ResolvedRetry {
  checkObject("retry", retry);
  const { attempts = Number.MAX_SAFE_INTEGER, baseMs = 200, maxMs = 2000, limitMs = 10_000 } = retry;
  checkCount("retry.attempts", attempts);
  checkFiniteDuration("retry.baseMs", baseMs);
  checkFiniteDuration("retry.maxMs", maxMs);
  checkDuration("retry.limitMs", limitMs);
  return { attempts, baseMs, maxMs, limitMs, clock, random: Math.random };
}
