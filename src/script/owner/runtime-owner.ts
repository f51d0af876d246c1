import {
  checkCount,
  checkDuration,
  checkFunction,
  checkName,
  checkOptionalFunction,
} from "../../internal/check-argument.ts";
import type { Clock } from "../../internal/clock.ts";
import { systemClock } from "../../internal/clock.ts";
import { createDeferred } from "../../internal/deferred.ts";
import { describeValue } from "../../internal/describe-value.ts";
import { Burst } from "./burst.ts";
import type { JobFunction } from "./job.ts";
import { isOnStack, Job } from "./job.ts";
import { JobQueue } from "./job-queue.ts";
import type {
  CallOptions,
  JobReport,
  OwnerState,
  OwnerStats,
  RuntimeOwner,
  RuntimeOwnerOptions,
} from "./owner-contract.ts";
import type { OwnerErrorCode } from "./owner-error.ts";
import { OwnerError } from "./owner-error.ts";
import { StatsBook } from "./owner-stats.ts";

/*
 * The runtime owner: the one actor that may touch a resource which only one piece of code may touch at a time.
 *
 * Job: to run the functions it is given one after the other, first come first served, and to tell every caller how its
 * own ended. Not its job: to know what the resource is (it is used and tested without a VM), to await what a function
 * returns before it starts the next, to retry.
 *
 * Invariants
 *  1. Never two functions on the stack, but one that the other called inline by its token (V1, V4).
 *  2. A job is started at most once; one that was canceled while it waited is never started (V3).
 *  3. Every call settles: with its result, or with an error that names its operation (V2). Every post that fails is
 *     reported to `observe`, or to the console where there is none.
 *  4. Memory is bounded by `maxQueue`, whatever callers do.
 *  5. created → running → stopping → stopped, never back; nothing is accepted from `stopping` on (V5).
 */

// Execution and queue times are far below a millisecond, so they are read from the fine clock.
const fineClock: Clock = { now: () => performance.now(), after: (ms, callback) => systemClock.after(ms, callback) };

// A name that begins with more than white space is not blank; it is not looked at any further.
const SPACE = 32;
const DEFAULT_MAX_QUEUE = 10_000;
const DEFAULT_GRACE_MS = 5_000;

/**
 * An actor: everything that touches one resource goes through its owner, one job after the other.
 *
 * @example
 * ```ts
 * import { createRuntimeOwner } from "turnwire/script";
 *
 * const owner = createRuntimeOwner({ name: "counter" });
 * let count = 0;
 * const result = await owner.call("increment twice", ({ token }) => {
 *   void owner.call("increment", () => (count += 1), { token }); // inline, inside this job's turn
 *   return (count += 1);
 * });
 * result; // 2
 * await owner.shutdown();
 * ```
 */
export function createRuntimeOwner(options: RuntimeOwnerOptions = {}): RuntimeOwner {
  if (options.name !== undefined) checkName("name", options.name);
  if (options.maxWaitMs !== undefined) checkDuration("maxWaitMs", options.maxWaitMs);
  if (options.maxQueue !== undefined) checkCount("maxQueue", options.maxQueue, 1);
  for (const key of ["observe", "start", "dispose", "schedule"] as const) checkOptionalFunction(key, options[key]);
  return new ActorOwner(options);
}

class ActorOwner implements RuntimeOwner {
  readonly name: string;
  readonly #options: RuntimeOwnerOptions;
  readonly #clock: Clock;
  readonly #maxWaitMs: number;
  readonly #queue: JobQueue;
  readonly #stats = new StatsBook();
  readonly #running = new Set<Job>();
  readonly #stack: Job[] = [];
  #state: OwnerState = "created";
  #starting: Promise<void> | undefined = undefined;
  #turnPending = false;
  #idle: ReturnType<typeof createDeferred<void>> | undefined = undefined;
  #stopped: Promise<void> | undefined = undefined;
  readonly #burst = new Burst();

  constructor(options: RuntimeOwnerOptions) {
    this.#options = options;
    this.name = options.name ?? "owner";
    this.#clock = options.clock ?? fineClock;
    this.#maxWaitMs = options.maxWaitMs ?? Infinity;
    this.#queue = new JobQueue(options.maxQueue ?? DEFAULT_MAX_QUEUE);
  }

  call<T>(op: string, fn: JobFunction<T>, options?: CallOptions): Promise<T> {
    const job = this.#newJob("call", op, fn, options);
    return new Promise<T>((resolve, reject) => {
      job.resolve = resolve as (value: unknown) => void;
      job.reject = reject;
      this.#accept(job, options);
    });
  }

  post(op: string, fn: JobFunction<unknown>, options?: CallOptions): boolean {
    return this.#accept(this.#newJob("post", op, fn, options), options);
  }

  async waitIdle(options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    const { signal } = options;
    while (!this.#isIdle()) {
      if (signal?.aborted) break;
      this.#idle ??= createDeferred<void>();
      await (signal === undefined ? this.#idle.promise : firstOf(this.#idle.promise, signal));
    }
    if (signal?.aborted) throw this.#error("canceled", "waitIdle", "was canceled", { cause: signal.reason });
  }

  shutdown(options: { readonly graceMs?: number } = {}): Promise<void> {
    const graceMs = options.graceMs ?? DEFAULT_GRACE_MS;
    if (!(graceMs >= 0)) throw new RangeError(`graceMs must be at least 0, got ${describeValue(graceMs)}`);
    this.#stopped ??= this.#stop(graceMs);
    return this.#stopped;
  }

  isClosed(): boolean {
    return this.#state === "stopping" || this.#state === "stopped";
  }

  stats(): OwnerStats {
    const running = this.#running.size + this.#stack.length;
    return { state: this.#state, queued: this.#queue.waiting, running, operations: this.#stats.snapshot() };
  }

  #newJob(kind: "call" | "post", op: string, fn: JobFunction<unknown>, options: CallOptions | undefined): Job {
    if (typeof op !== "string" || op === "" || op.charCodeAt(0) <= SPACE) checkName("op", op);
    if (typeof fn !== "function") checkFunction("fn", fn);
    const counter = this.#stats.of(op);
    return new Job(this, kind, op, fn, counter, counter.wantsTimes() ? this.#clock.now() : undefined, options?.labels);
  }

  #accept(job: Job, options: CallOptions | undefined): boolean {
    const signal = options?.signal;
    if (this.isClosed()) return this.#refuse(job, this.#closed(job.op));
    if (signal?.aborted) return this.#cancel(job, signal.reason);
    if (isOnStack(options?.token, this)) {
      this.#watch(job, signal);
      this.#run(job, this.#clock.now());
      return true;
    }
    if (this.#queue.isFull) {
      const limit = `was refused: ${this.#queue.waiting} jobs wait already, the limit of maxQueue`;
      return this.#refuse(job, this.#error("schedule-rejected", job.op, limit));
    }
    this.#queue.push(job);
    this.#watch(job, signal);
    return this.#requestTurn(job);
  }

  /** A caller's signal, or `maxWaitMs` where it brought none. */
  #watch(job: Job, signal: AbortSignal | undefined): void {
    if (signal !== undefined) {
      const onAbort = (): void => void this.#cancel(job, signal.reason);
      signal.addEventListener("abort", onAbort, { once: true });
      job.release = () => signal.removeEventListener("abort", onAbort);
    } else if (this.#maxWaitMs !== Infinity && job.kind === "call") {
      const reason = new DOMException(`No result within ${this.#maxWaitMs} ms (maxWaitMs)`, "TimeoutError");
      job.release = this.#clock.after(this.#maxWaitMs, () => void this.#cancel(job, reason));
    }
  }

  #cancel(job: Job, reason: unknown): boolean {
    if (job.abandoned || job.state === "over") return false;
    job.counter.canceled += 1;
    const error = this.#error("canceled", job.op, "was canceled", { cause: reason });
    if (job.state === "queued") {
      const waited = job.release !== undefined;
      job.state = "over";
      if (waited) this.#queue.forgot();
    }
    this.#abandon(job, error, "canceled");
    job.abort(reason);
    this.#checkIdle();
    return false;
  }

  /** Answers the caller now; the job itself, if it runs, runs on and its result is dropped (V3). */
  #abandon(job: Job, error: OwnerError, outcome: JobReport["outcome"]): void {
    job.abandoned = true;
    job.release?.();
    job.release = undefined;
    this.#report(job, outcome, error);
    job.reject(error);
  }

  #refuse(job: Job, error: OwnerError): false {
    job.state = "over";
    job.counter.refused += 1;
    this.#abandon(job, error, "refused");
    return false;
  }

  #requestTurn(job: Job): boolean {
    if (this.#turnPending || this.#starting !== undefined || this.#stack.length > 0) return true;
    if (this.#state === "created") {
      this.#begin();
      return true;
    }
    return this.#schedule(job);
  }

  /** created → running: at once, or when the start hook is done. */
  #begin(): void {
    const started = (): void => {
      this.#starting = undefined;
      if (this.isClosed()) return;
      this.#state = "running";
      this.#schedule(undefined);
    };
    const { start } = this.#options;
    if (start === undefined) {
      started();
      return;
    }
    this.#starting = Promise.resolve()
      .then(start)
      .then(started, (cause: unknown) => {
        this.#starting = undefined;
        this.#refuseWaiting((op) => this.#error("schedule-rejected", op, "was refused: the start failed", { cause }));
      });
  }

  #schedule(job: Job | undefined): boolean {
    this.#turnPending = true;
    try {
      if (this.#options.schedule !== undefined) this.#options.schedule(this.#turn);
      else if (this.#burst.isOver) this.#burst.pause(() => this.#clock.now(), this.#turn);
      else queueMicrotask(this.#turn);
      return true;
    } catch (cause) {
      this.#turnPending = false;
      this.#refuseWaiting((op) => this.#error("schedule-rejected", op, "was refused by the scheduler", { cause }));
      return job === undefined;
    }
  }

  /** One turn: jobs in order, until none waits or the event loop must have its share. */
  readonly #turn = (): void => {
    this.#turnPending = false;
    if (this.#stack.length > 0) return;
    let now = this.#clock.now();
    this.#burst.begins(now);
    for (let job = this.#queue.shift(); job !== undefined; job = this.#queue.shift()) {
      now = this.#run(job, now);
      if (this.#burst.isOver) break;
    }
    if (this.#queue.waiting > 0 && !this.#turnPending) this.#schedule(undefined);
    this.#checkIdle();
  };

  /** Answers when it ended, which is when the next one starts. */
  #run(job: Job, startedAt: number): number {
    job.state = "running";
    job.onStack = true;
    this.#stack.push(job);
    let result: unknown;
    let thrown: { readonly cause: unknown } | undefined;
    try {
      result = job.run(job);
    } catch (cause) {
      thrown = { cause };
    }
    this.#stack.pop();
    job.onStack = false;
    const endedAt = this.#clock.now();
    this.#burst.ended(endedAt);
    job.counter.started += 1;
    if (job.acceptedAt !== undefined) job.counter.ranFor(startedAt - job.acceptedAt, endedAt - startedAt);
    if (thrown !== undefined) this.#panic(job, "panicked", thrown.cause);
    else if (isThenable(result)) this.#awaitResult(job, result);
    else this.#done(job, result);
    return endedAt;
  }

  #awaitResult(job: Job, result: PromiseLike<unknown>): void {
    job.state = "awaited";
    this.#running.add(job);
    Promise.resolve(result).then(
      (value) => this.#settled(job, () => this.#done(job, value)),
      (cause: unknown) => this.#settled(job, () => this.#panic(job, "failed", cause)),
    );
  }

  #settled(job: Job, finish: () => void): void {
    this.#running.delete(job);
    finish();
    this.#checkIdle();
  }

  #done(job: Job, value: unknown): void {
    job.state = "over";
    if (job.abandoned) return;
    job.release?.();
    this.#report(job, "done");
    job.resolve(value);
  }

  #panic(job: Job, outcome: "failed" | "panicked", cause: unknown): void {
    job.state = "over";
    job.counter[outcome] += 1;
    const error = this.#error("panicked", job.op, outcome === "failed" ? "failed" : "threw", { cause });
    // The caller is gone, but an error that nobody hears of is still worth a report.
    if (job.abandoned) this.#report(job, outcome, error);
    else this.#abandon(job, error, outcome);
  }

  async #stop(graceMs: number): Promise<void> {
    this.#state = "stopping";
    this.#refuseWaiting((op) => this.#closed(op));
    await this.#starting;
    // Not within the job that asks for it: that one has its turn to the end first.
    await Promise.resolve();
    await this.#grace(graceMs);
    for (const job of this.#running) {
      if (!job.abandoned) this.#abandon(job, this.#closed(job.op), "refused");
      job.abort(this.#closed(job.op));
    }
    try {
      await this.#options.dispose?.();
    } finally {
      this.#state = "stopped";
      this.#checkIdle();
    }
  }

  async #grace(graceMs: number): Promise<void> {
    if (this.#isIdle() || graceMs === 0) return;
    const over = new AbortController();
    const cancelTimer = this.#clock.after(graceMs, () => over.abort());
    await this.waitIdle({ signal: over.signal }).catch((error: unknown) => {
      if (!over.signal.aborted) throw error;
    });
    cancelTimer();
  }

  #refuseWaiting(errorFor: (op: string) => OwnerError): void {
    for (let job = this.#queue.shift(); job !== undefined; job = this.#queue.shift()) {
      this.#refuse(job, errorFor(job.op));
    }
    this.#checkIdle();
  }

  #isIdle(): boolean {
    return this.#queue.waiting === 0 && this.#running.size === 0 && this.#stack.length === 0;
  }

  #checkIdle(): void {
    if (this.#idle === undefined || !this.#isIdle()) return;
    const idle = this.#idle;
    this.#idle = undefined;
    idle.resolve();
  }

  #report(job: Job, outcome: JobReport["outcome"], error?: OwnerError): void {
    const { observe } = this.#options;
    if (observe === undefined) {
      // A call's error reaches its caller; a post has no one but the console.
      if (error !== undefined && job.kind === "post" && outcome !== "canceled") console.error(error);
      return;
    }
    const report: JobReport = {
      owner: this.name,
      op: job.op,
      kind: job.kind,
      outcome,
      queued: this.#queue.waiting,
      ...(error === undefined ? {} : { error }),
      ...(job.labels === undefined ? {} : { labels: job.labels }),
    };
    try {
      observe(report);
    } catch (failure) {
      console.error(`The observe hook of ${this.name} threw`, failure);
    }
  }

  #closed(op: string): OwnerError {
    return this.#error("closed", op, `was refused: it is ${this.#state}`);
  }

  #error(code: OwnerErrorCode, op: string, what: string, options?: { readonly cause?: unknown }): OwnerError {
    return new OwnerError(code, op, `${this.name}: ${op} ${what}`, options);
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  if (value instanceof Promise) return true;
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return false;
  return "then" in value && typeof value.then === "function";
}

/** Waits for `promise` or for the signal, whichever comes first, and leaves no listener behind. */
async function firstOf(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  const aborted = createDeferred<void>();
  const onAbort = (): void => aborted.resolve();
  signal.addEventListener("abort", onAbort, { once: true });
  await Promise.race([promise, aborted.promise]);
  signal.removeEventListener("abort", onAbort);
}
