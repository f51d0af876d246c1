import type { OwnerError } from "./owner-error.ts";
import type { OperationCounter } from "./owner-stats.ts";

/** Proof of being inside a job, for as long as that job's function is on the stack. Worth nothing afterwards. */
export interface JobToken {
  readonly [TOKEN]: true;
}

declare const TOKEN: unique symbol;

/** What a job's function is given. */
export interface JobContext {
  /** Lets this job call its own owner inline; valid only while its function is on the stack. */
  readonly token: JobToken;
  /** Fires when the caller gives up, and when the owner's grace period for running work is over. */
  readonly signal: AbortSignal;
}

export type JobFunction<T> = (context: JobContext) => T | PromiseLike<T>;

export type JobState = "queued" | "running" | "awaited" | "over";

/**
 * One call or post on its way through an owner. It is its own context and its own token: a job that has to be cheap
 * allocates one object. What a caller can do with a token is nothing but hand it back.
 */
export class Job implements JobContext {
  readonly op: string;
  readonly run: JobFunction<unknown>;
  readonly kind: "call" | "post";
  readonly labels: Readonly<Record<string, string>> | undefined;
  readonly counter: OperationCounter;
  readonly owner: object;
  /** Undefined for a job that is not timed. */
  readonly acceptedAt: number | undefined;
  state: JobState = "queued";
  onStack = false;
  /** Whether the caller still waits; an abandoned job runs on and its result is dropped. */
  abandoned = false;
  resolve: (value: unknown) => void = ignore;
  reject: (error: OwnerError) => void = ignore;
  /** Undoes what was set up for this caller: its abort listener, its timer. */
  release: (() => void) | undefined = undefined;
  #abort: AbortController | undefined = undefined;
  #abortReason: { readonly reason: unknown } | undefined = undefined;

  constructor(
    owner: object,
    kind: "call" | "post",
    op: string,
    run: JobFunction<unknown>,
    counter: OperationCounter,
    acceptedAt: number | undefined,
    labels: Readonly<Record<string, string>> | undefined,
  ) {
    this.owner = owner;
    this.kind = kind;
    this.op = op;
    this.run = run;
    this.counter = counter;
    this.acceptedAt = acceptedAt;
    this.labels = labels;
  }

  get token(): JobToken {
    return this as unknown as JobToken;
  }

  // Made on demand: most jobs never look at it, and an AbortController costs more than the rest of a job.
  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (this.#abortReason !== undefined) this.#abort.abort(this.#abortReason.reason);
    }
    return this.#abort.signal;
  }

  abort(reason: unknown): void {
    this.#abortReason ??= { reason };
    this.#abort?.abort(reason);
  }
}

/** Whether `token` is that of a job of `owner` whose function is on the stack right now (V4). */
export function isOnStack(token: JobToken | undefined, owner: object): boolean {
  return token instanceof Job && token.owner === owner && token.onStack;
}

function ignore(): void {}
