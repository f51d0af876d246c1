import type { Clock } from "../../internal/clock.ts";
import type { Burst } from "./burst.ts";
import type { Job } from "./job.ts";
import type { JobReports } from "./job-reports.ts";
import type { JobReport } from "./owner-contract.ts";
import { type OwnerError, ownerError } from "./owner-error.ts";

/**
 * Runs jobs and tells each caller how its own ended: what the function did synchronously keeps the queue, a promise that
 * it returned is awaited here.
 */
export class JobRunner {
  readonly #owner: string;
  readonly #clock: Clock;
  readonly #burst: Burst;
  readonly #reports: JobReports;
  readonly #settled: () => void;
  readonly #awaited = new Set<Job>();
  #depth = 0;

  /** `settled` is called when a promise of a job has settled. */
  constructor(owner: string, clock: Clock, burst: Burst, reports: JobReports, settled: () => void) {
    this.#owner = owner;
    this.#clock = clock;
    this.#burst = burst;
    this.#reports = reports;
    this.#settled = settled;
  }

  /** Whether a job's function is on the stack right now. */
  get isOnStack(): boolean {
    return this.#depth > 0;
  }

  /** Jobs that were begun and have not ended. */
  get count(): number {
    return this.#awaited.size + this.#depth;
  }

  /** Answers when it ended, which is when the next one starts. */
  run(job: Job, startedAt: number): number {
    job.state = "running";
    job.onStack = true;
    this.#depth += 1;
    let result: unknown;
    let thrown: { readonly cause: unknown } | undefined;
    try {
      result = job.run(job);
    } catch (cause) {
      thrown = { cause };
    }
    this.#depth -= 1;
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

  /** Answers the caller now; the job itself, if it runs, runs on and its result is dropped (V3). */
  abandon(job: Job, error: OwnerError, outcome: JobReport["outcome"]): void {
    job.abandoned = true;
    job.release?.();
    job.release = undefined;
    this.#reports.ended(job, outcome, error);
    job.reject(error);
  }

  /** Abandons all that is awaited still, and fires its signals. */
  endAwaited(errorFor: (op: string) => OwnerError): void {
    for (const job of this.#awaited) {
      if (!job.abandoned) this.abandon(job, errorFor(job.op), "refused");
      job.abort(errorFor(job.op));
    }
  }

  #awaitResult(job: Job, result: PromiseLike<unknown>): void {
    job.state = "awaited";
    this.#awaited.add(job);
    const settled = (finish: () => void): void => {
      this.#awaited.delete(job);
      finish();
      this.#settled();
    };
    Promise.resolve(result).then(
      (value) => settled(() => this.#done(job, value)),
      (cause: unknown) => settled(() => this.#panic(job, "failed", cause)),
    );
  }

  #done(job: Job, value: unknown): void {
    job.state = "over";
    if (job.abandoned) return;
    job.release?.();
    this.#reports.ended(job, "done");
    job.resolve(value);
  }

  #panic(job: Job, outcome: "failed" | "panicked", cause: unknown): void {
    job.state = "over";
    job.counter[outcome] += 1;
    const what = outcome === "failed" ? "failed" : "threw";
    const error = ownerError("panicked", this.#owner, job.op, what, { cause });
    // The caller is gone, but an error that nobody hears of is still worth a report.
    if (job.abandoned) this.#reports.ended(job, outcome, error);
    else this.abandon(job, error, outcome);
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  if (value instanceof Promise) return true;
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return false;
  try {
    return "then" in value && typeof value.then === "function";
  } catch {
    // Whoever awaits it is told.
    return true;
  }
}
