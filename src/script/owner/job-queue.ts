import type { Job } from "./job.ts";

const LEAST_CAPACITY = 16;
// A queue that was once long does not keep the room for ever.
const MOST_KEPT = 4_096;

/**
 * First in, first out, with a limit on those that still wait. A job that was canceled stays in its place until its turn
 * and is skipped then; it does not count against the limit, and when there are many of them they are taken out.
 *
 * A ring, because an array that is emptied and filled for every single job is given new memory every time.
 */
export class JobQueue {
  readonly #limit: number;
  #ring: (Job | undefined)[] = Array.from({ length: LEAST_CAPACITY });
  #head = 0;
  #length = 0;
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
    if (this.#length === this.#ring.length) this.#rebuild(this.#length * 2);
    this.#ring[(this.#head + this.#length) & (this.#ring.length - 1)] = job;
    this.#length += 1;
    this.#waiting += 1;
  }

  /** The next job that still waits. */
  shift(): Job | undefined {
    while (this.#length > 0) {
      const job = this.#ring[this.#head];
      this.#ring[this.#head] = undefined;
      this.#head = (this.#head + 1) & (this.#ring.length - 1);
      this.#length -= 1;
      if (job?.state === "queued") {
        this.#waiting -= 1;
        return job;
      }
    }
    if (this.#ring.length > MOST_KEPT) this.#rebuild(LEAST_CAPACITY);
    return undefined;
  }

  /** To be told of a job that was canceled while it waited. */
  forgot(): void {
    this.#waiting -= 1;
    if (this.#length > 2 * this.#waiting + 64) this.#rebuild(LEAST_CAPACITY);
  }

  /** Those that still wait, in a ring of at least that capacity: a power of two. */
  #rebuild(least: number): void {
    const kept: Job[] = [];
    for (let i = 0; i < this.#length; i++) {
      const job = this.#ring[(this.#head + i) & (this.#ring.length - 1)];
      if (job?.state === "queued") kept.push(job);
    }
    let capacity = least;
    while (capacity <= kept.length) capacity *= 2;
    this.#ring = Array.from({ length: capacity }, (_, i) => kept[i]);
    this.#head = 0;
    this.#length = kept.length;
  }
}
