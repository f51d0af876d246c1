import type { Clock } from "../../internal/clock.ts";
import type { JobFunction, JobToken } from "./job.ts";
import type { OwnerError } from "./owner-error.ts";
import type { OperationStats } from "./owner-stats.ts";

export type OwnerState = "created" | "running" | "stopping" | "stopped";

export interface CallOptions {
  /** Gives the call up. A caller that brings one decides itself how long it waits: `maxWaitMs` then does not apply. */
  readonly signal?: AbortSignal;
  /** Of the job that this call is made from; it then runs inline, in that job's turn. */
  readonly token?: JobToken;
  /** For `observe`: session, inference, tenant. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** How a job ended, for logs. */
export interface JobReport {
  readonly owner: string;
  readonly op: string;
  readonly kind: "call" | "post";
  readonly outcome: "done" | "failed" | "panicked" | "canceled" | "refused";
  readonly error?: OwnerError;
  readonly labels?: Readonly<Record<string, string>>;
  /** How many wait at this moment. */
  readonly queued: number;
}

export interface RuntimeOwnerOptions {
  /** Names the owner in errors and reports. Default "owner". */
  readonly name?: string;
  /** How long a call without a `signal` of its own waits for its result. Default: for ever. */
  readonly maxWaitMs?: number;
  /** How many may wait to be started. Default 10,000. */
  readonly maxQueue?: number;
  /** Told how each job ended. What it throws goes to the console. */
  readonly observe?: (report: JobReport) => void;
  /** Made ready before the first job; until then jobs wait. When it fails they are refused, and the next call tries again. */
  readonly start?: () => void | Promise<void>;
  /** Called once, as the last act of `shutdown`. */
  readonly dispose?: () => void | Promise<void>;
  /** Where the owner gets its turn on the event loop. By default a microtask. One that throws refuses the work. */
  readonly schedule?: (turn: () => void) => void;
  readonly clock?: Clock;
}

export interface OwnerStats {
  readonly state: OwnerState;
  readonly queued: number;
  /** Started, with a promise that has not settled. */
  readonly running: number;
  readonly operations: Record<string, OperationStats>;
}

export interface RuntimeOwner {
  readonly name: string;
  /** Runs `fn` in its turn and answers what it returns; a promise that it returns is awaited for the caller, not by the queue. */
  call<T>(op: string, fn: JobFunction<T>, options?: CallOptions): Promise<T>;
  /** The same without an answer. Returns whether it was accepted; failures go to `observe`. */
  post(op: string, fn: JobFunction<unknown>, options?: CallOptions): boolean;
  /** Resolves when nothing waits and no promise of a job is pending. */
  waitIdle(options?: { readonly signal?: AbortSignal }): Promise<void>;
  /**
   * Accepts nothing more, refuses what waits, gives running work `graceMs` (default 5,000), then fires its signals and
   * answers its callers `closed`. Called again it is the same shutdown.
   */
  shutdown(options?: { readonly graceMs?: number }): Promise<void>;
  isClosed(): boolean;
  stats(): OwnerStats;
}
