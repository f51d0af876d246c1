import { createDeferred } from "../../internal/deferred.ts";

/** Waiting until there is nothing to do. `check` is to be called wherever that may have come true. */
export class IdleWatch {
  readonly #isIdle: () => boolean;
  #idle: ReturnType<typeof createDeferred<void>> | undefined = undefined;

  constructor(isIdle: () => boolean) {
    this.#isIdle = isIdle;
  }

  check(): void {
    if (this.#idle === undefined || !this.#isIdle()) return;
    const idle = this.#idle;
    this.#idle = undefined;
    idle.resolve();
  }

  /** Resolves when it is idle, or when the signal fires. */
  async wait(signal?: AbortSignal): Promise<void> {
    while (!this.#isIdle() && signal?.aborted !== true) {
      this.#idle ??= createDeferred<void>();
      await (signal === undefined ? this.#idle.promise : firstOf(this.#idle.promise, signal));
    }
  }
}

/** Waits for `promise` or for the signal, whichever comes first, and leaves no listener behind. */
async function firstOf(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  const aborted = createDeferred<void>();
  const onAbort = (): void => aborted.resolve();
  signal.addEventListener("abort", onAbort, { once: true });
  await Promise.race([promise, aborted.promise]);
  signal.removeEventListener("abort", onAbort);
}
