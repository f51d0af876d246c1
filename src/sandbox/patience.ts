import { backoffMs, pause } from "../internal/pause.ts";
import type { RemoteFailure } from "./remote-failure.ts";
import type { ResolvedRetry } from "./retry-options.ts";

/** How much longer a connection that fails is tried again. */
export class Patience {
  readonly #retry: ResolvedRetry;
  #failures = 0;
  #failingSince: number | undefined;

  constructor(retry: ResolvedRetry) {
    this.#retry = retry;
  }

  /** Something new came: whatever failed before is forgotten. */
  renew(): void {
    this.#failures = 0;
    this.#failingSince = undefined;
  }

  /** Waits before the next try, or throws what the failure is to a caller. Ends early when the signal fires. */
  async wait(failure: RemoteFailure, signal: AbortSignal): Promise<void> {
    if (failure.kind !== "passing") throw failure.error;
    const { attempts, limitMs, clock, random } = this.#retry;
    const now = clock.now();
    this.#failingSince ??= now;
    const wait = Math.max(backoffMs(this.#retry, ++this.#failures, random), failure.retryAfterMs ?? 0);
    // A wait that ends after the limit would be a wait for nothing.
    if (this.#failures > attempts || now + wait - this.#failingSince > limitMs) throw failure.error;
    await pause(clock, wait, signal);
  }
}
