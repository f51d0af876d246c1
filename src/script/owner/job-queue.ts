import type { Job } from "./job.ts";

/**
 * First in, first out, with a limit on those that still wait. A job that was canceled stays in its place until its turn
 * and is skipped then; it does not count against the limit, but a queue of nothing but skipped jobs is compacted.
 */
export class JobQueue {
  readonly #limit: number;
  #jobs: (Job | undefined)[] = [];
  #head = 0;
  #waiting = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get waiting(): number {
    return this.#waiting;
  }

  get isFull(): boolean {
    return this.#waiting >= this.#limit;
  }

  push(job: Job): void {
    this.#jobs.push(job);
    this.#waiting += 1;
  }

  /** The next job that still waits. */
  shift(): Job | undefined {
    while (this.#head < this.#jobs.length) {
      const job = this.#jobs[this.#head];
      this.#jobs[this.#head] = undefined;
      this.#head += 1;
      if (job?.state === "queued") {
        this.#waiting -= 1;
        return job;
      }
    }
    this.#jobs.length = 0;
    this.#head = 0;
    return undefined;
  }

  /** To be told of a job that was canceled while it waited. */
  forgot(): void {
    this.#waiting -= 1;
    if (this.#jobs.length - this.#head > 2 * this.#waiting + 64) {
      this.#jobs = this.#jobs.slice(this.#head).filter((job) => job?.state === "queued");
      this.#head = 0;
    }
  }
}
