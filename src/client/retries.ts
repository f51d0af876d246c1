import { isTurnError } from "../errors.ts";
import { connectionLost, type Refusal } from "./ask.ts";
import type { ResolvedClientOptions } from "./client-options.ts";

/** How long to wait before the next try. */
export interface Pause {
  readonly ms: number;
  /** The server asked for it: nothing may cut it short. */
  readonly asked: boolean;
}

/** Counts the tries in a row that failed. */
export interface Retries {
  /** The pause after a failure; throws when another try makes no sense, or none is left. */
  after(failure: unknown): Pause;
  /** Something went well. */
  reset(): void;
}

export function createRetries({ retry, random }: ResolvedClientOptions): Retries {
  let failures = 0;
  return {
    after(failure) {
      const refusal = isTurnError(failure) ? (failure as Refusal) : undefined;
      // Bytes that are no events came from something in between, or were damaged there.
      if (refusal !== undefined && !refusal.retryable && refusal.code !== "malformed-event") throw refusal;
      if (failures >= retry.attempts) {
        if (refusal !== undefined) throw refusal;
        throw connectionLost(`Gave up after ${failures + 1} tries: ${String(failure)}`, failure);
      }
      const askedMs = refusal?.retryAfterMs ?? 0;
      const ms = random() * Math.min(retry.maxMs, retry.baseMs * 2 ** failures++);
      return { ms: Math.max(ms, askedMs), asked: askedMs > 0 };
    },
    reset() {
      failures = 0;
    },
  };
}
