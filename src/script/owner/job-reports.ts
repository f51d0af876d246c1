import type { Job } from "./job.ts";
import type { JobReport } from "./owner-contract.ts";
import type { OwnerError } from "./owner-error.ts";

/** Calls a hook that must not harm who calls it: what it throws goes to the console, also where it is asynchronous. */
export function tell<T>(hook: (what: T) => unknown, what: T, complaint: string): void {
  const complain = (failure: unknown): void => console.error(complaint, failure);
  try {
    const told = hook(what);
    if (told instanceof Promise) told.catch(complain);
  } catch (failure) {
    complain(failure);
  }
}

/** Tells whoever observes an owner how each job ended. */
export class JobReports {
  readonly #owner: string;
  readonly #observe: ((report: JobReport) => void) | undefined;
  readonly #queued: () => number;

  constructor(owner: string, observe: ((report: JobReport) => void) | undefined, queued: () => number) {
    this.#owner = owner;
    this.#observe = observe;
    this.#queued = queued;
  }

  ended(job: Job, outcome: JobReport["outcome"], error?: OwnerError): void {
    if (this.#observe === undefined) {
      // A call's error reaches its caller; a post has no one but the console.
      if (error !== undefined && job.kind === "post" && outcome !== "canceled") console.error(error);
      return;
    }
    const report: JobReport = {
      owner: this.#owner,
      op: job.op,
      kind: job.kind,
      outcome,
      queued: this.#queued(),
      ...(error === undefined ? {} : { error }),
      ...(job.labels === undefined ? {} : { labels: job.labels }),
    };
    tell(this.#observe, report, `The observe hook of ${this.#owner} threw`);
  }
}
