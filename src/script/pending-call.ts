import { TurnError } from "../errors.ts";
import type { Clock } from "../internal/clock.ts";
import { OwnerError } from "./owner/owner-error.ts";

export interface ScriptCallOptions {
  /** Gives the call up: the caller is answered at once, and the host calls that it waits for are aborted. */
  readonly signal?: AbortSignal;
  /** Instead of the runtime's `limits.timeoutMs`. */
  readonly timeoutMs?: number;
  /** For `observe`: session, inference. */
  readonly labels?: Readonly<Record<string, string>>;
}

/**
 * One call into a script, from the caller's side: settles once, by result, error, cancel or timeout, and tells whoever
 * has to clean up. `waiting` until it was handed to a VM.
 */
export class PendingCall {
  readonly id: number;
  readonly op: string;
  readonly promise: Promise<unknown>;
  readonly labels: Readonly<Record<string, string>> | undefined;
  /** Set when the caller gave up or ran out of time: what the script still wants for this call is refused with it. */
  abandoned: Error | undefined = undefined;
  /** How many host calls were refused since. */
  refusals = 0;
  begun = false;
  settled = false;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #startedAt: number;
  readonly #onSettled: (call: PendingCall) => void;
  #resolve: (value: unknown) => void = ignore;
  #reject: (error: unknown) => void = ignore;
  #unwatch: (() => void) | undefined = undefined;
  #stopTimer: (() => void) | undefined = undefined;

  constructor(
    id: number,
    op: string,
    clock: Clock,
    timeoutMs: number,
    options: ScriptCallOptions,
    onSettled: (call: PendingCall) => void,
  ) {
    this.id = id;
    this.op = op;
    this.labels = options.labels;
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#startedAt = clock.now();
    this.#onSettled = onSettled;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    const { signal } = options;
    if (signal?.aborted) this.#cancel(signal.reason);
    else if (signal !== undefined) {
      const onAbort = (): void => this.#cancel(signal.reason);
      signal.addEventListener("abort", onAbort, { once: true });
      this.#unwatch = () => signal.removeEventListener("abort", onAbort);
    }
  }

  /** Starts the clock. Not done at once: most calls end in the turn that they begin in, and a timer costs as much as they do. */
  watchTime(): void {
    if (this.settled || this.#stopTimer !== undefined || this.#timeoutMs === Infinity) return;
    this.#stopTimer = this.#clock.after(Math.max(0, this.leftMs()), () => this.#timeOut());
  }

  leftMs(): number {
    return this.#startedAt + this.#timeoutMs - this.#clock.now();
  }

  /** Ends it where its time is over and nothing said so: on workerd a timer is gone when the request that set it ends. */
  endIfOverdue(): void {
    if (this.leftMs() <= 0) this.#timeOut();
  }

  #timeOut(): void {
    const message = `${this.op} took more than ${this.#timeoutMs} ms (timeoutMs)`;
    this.abandon(new TurnError("script-timeout", message));
  }

  resolve(value: unknown): void {
    if (this.#over()) this.#resolve(value);
  }

  fail(error: unknown): void {
    if (this.#over()) this.#reject(error);
  }

  /** Fails it and has what it waits for aborted. */
  abandon(error: Error): void {
    if (this.settled) return;
    this.abandoned = error;
    this.fail(error);
  }

  #cancel(reason: unknown): void {
    this.abandon(new OwnerError("canceled", this.op, `${this.op} was canceled`, { cause: reason }));
  }

  #over(): boolean {
    if (this.settled) return false;
    this.settled = true;
    this.#unwatch?.();
    this.#stopTimer?.();
    this.#onSettled(this);
    return true;
  }
}

function ignore(): void {}
