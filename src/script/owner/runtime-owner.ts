import {
  checkCount,
  checkDuration,
  checkFunction,
  checkName,
  checkOptionalFunction,
} from "../../internal/check-argument.ts";
import type { Clock } from "../../internal/clock.ts";
import { systemClock } from "../../internal/clock.ts";
import { describeValue } from "../../internal/describe-value.ts";
import { Burst } from "./burst.ts";
import type { JobFunction } from "./job.ts";
import { isOnStack, Job } from "./job.ts";
import { IdleWatch } from "./idle-watch.ts";
import { JobQueue } from "./job-queue.ts";
import { JobReports } from "./job-reports.ts";
import { JobRunner } from "./job-runner.ts";
import type { CallOptions, OwnerState, OwnerStats, RuntimeOwner, RuntimeOwnerOptions } from "./owner-contract.ts";
import { type OwnerError, type OwnerErrorCode, ownerError } from "./owner-error.ts";
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
  readonly #burst = new Burst();
  readonly #runner: JobRunner;
  readonly #idle: IdleWatch;
  #state: OwnerState = "created";
  #starting: Promise<void> | undefined = undefined;
  #turnPending = false;
  #stopped: Promise<void> | undefined = undefined;

  constructor(options: RuntimeOwnerOptions) {
    this.#options = options;
    this.name = options.name ?? "owner";
    this.#clock = options.clock ?? fineClock;
    this.#maxWaitMs = options.maxWaitMs ?? Infinity;
    this.#queue = new JobQueue(options.maxQueue ?? DEFAULT_MAX_QUEUE);
    this.#idle = new IdleWatch(() => this.#queue.waiting === 0 && this.#runner.count === 0);
    const reports = new JobReports(this.name, options.observe, () => this.#queue.waiting);
    this.#runner = new JobRunner(this.name, this.#clock, this.#burst, reports, () => this.#idle.check());
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
    await this.#idle.wait(signal);
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
    const { count: running } = this.#runner;
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
      this.#runner.run(job, this.#clock.now());
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
    this.#runner.abandon(job, error, "canceled");
    job.abort(reason);
    this.#idle.check();
    return false;
  }

  #refuse(job: Job, error: OwnerError): false {
    job.state = "over";
    job.counter.refused += 1;
    this.#runner.abandon(job, error, "refused");
    return false;
  }

  #requestTurn(job: Job): boolean {
    if (this.#turnPending) this.#burst.arrives();
    if (this.#turnPending || this.#starting !== undefined || this.#runner.isOnStack) return true;
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
    if (this.#runner.isOnStack) return;
    let now = this.#clock.now();
    this.#burst.begins(now);
    for (let job = this.#queue.shift(); job !== undefined; job = this.#queue.shift()) {
      now = this.#runner.run(job, now);
      if (this.#burst.isOver) break;
    }
    if (this.#queue.waiting > 0 && !this.#turnPending) this.#schedule(undefined);
    this.#idle.check();
  };

  async #stop(graceMs: number): Promise<void> {
    this.#state = "stopping";
    this.#refuseWaiting((op) => this.#closed(op));
    await this.#starting;
    // Not within the job that asks for it: that one has its turn to the end first.
    await Promise.resolve();
    await this.#grace(graceMs);
    this.#runner.endAwaited((op) => this.#closed(op));
    try {
      await this.#options.dispose?.();
    } finally {
      this.#state = "stopped";
      this.#idle.check();
    }
  }

  async #grace(graceMs: number): Promise<void> {
    if (graceMs === 0 || this.#runner.count === 0) return;
    const over = new AbortController();
    const cancelTimer = this.#clock.after(graceMs, () => over.abort());
    await this.#idle.wait(over.signal);
    cancelTimer();
  }

  #refuseWaiting(errorFor: (op: string) => OwnerError): void {
    for (let job = this.#queue.shift(); job !== undefined; job = this.#queue.shift()) {
      this.#refuse(job, errorFor(job.op));
    }
    this.#idle.check();
  }

  #closed(op: string): OwnerError {
    return this.#error("closed", op, `was refused: it is ${this.#state}`);
  }

  #error(code: OwnerErrorCode, op: string, what: string, options?: { readonly cause?: unknown }): OwnerError {
    return ownerError(code, this.name, op, what, options);
  }
}
