import { checkCount, checkDuration, checkFiniteDuration, checkString } from "../internal/check-argument.ts";
import { type Clock, systemClock } from "../internal/clock.ts";
import { defined } from "../internal/defined.ts";
import { onPageWake } from "./page-wake.ts";

export interface TurnClientOptions {
  /** Where the routes are mounted: `https://example.com/chat`, or in a page just `/chat`. */
  readonly baseUrl: string;
  /** Default: the platform's own. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /** Sent with every request; a function is asked anew each time, so that a token may be refreshed. */
  readonly headers?: RequestHeaders | (() => RequestHeaders | Promise<RequestHeaders>);
  readonly retry?: RetryOptions;
  /** How long nothing may be heard before the connection counts as lost. Default 30,000; more than the server's heartbeat (8,000). */
  readonly stallMs?: number;
  /**
   * Is handed what to call when it is worth looking at once whether a connection still lives, and returns what ends
   * that. Default: when the page becomes visible, and when the browser is online again.
   */
  readonly onWake?: (wake: () => void) => () => void;
  /** Time, for tests. */
  readonly clock?: Clock;
  /** From 0 up to 1, for tests. */
  readonly random?: () => number;
}

export type RequestHeaders = Readonly<Record<string, string>>;

/** A pause before the n-th try in a row is random up to `baseMs * 2 ** (n - 1)`, and `maxMs` at most. */
export interface RetryOptions {
  /** Default 250. */
  readonly baseMs?: number;
  /** Default 10,000. */
  readonly maxMs?: number;
  /** How many tries in a row may fail before giving up, the first not counted. Default 10. */
  readonly attempts?: number;
}

export interface ResolvedClientOptions extends Required<Omit<TurnClientOptions, "retry">> {
  readonly retry: Required<RetryOptions>;
}

/** Refuses what is no setting; then fills in the defaults. */
export function resolveClientOptions(options: TurnClientOptions): ResolvedClientOptions {
  const { baseUrl, stallMs = 30_000, retry: { baseMs = 250, maxMs = 10_000, attempts = 10 } = {} } = options;
  checkString("baseUrl", baseUrl);
  checkDuration("stallMs", stallMs);
  checkFiniteDuration("retry.baseMs", baseMs);
  checkFiniteDuration("retry.maxMs", maxMs);
  checkCount("retry.attempts", attempts);
  return {
    // Called as a function of its own: browsers refuse their fetch as a method of something else.
    fetch: (url, init) => globalThis.fetch(url, init),
    headers: {},
    onWake: onPageWake,
    clock: systemClock,
    random: Math.random,
    ...defined(options),
    baseUrl: baseUrl.replace(/\/+$/, ""),
    stallMs,
    retry: { baseMs, maxMs, attempts },
  };
}
