/** Milliseconds, over the last 256 jobs that were timed: all at first, then every eighth. */
export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

export interface OperationStats {
  /** Jobs that ran. */
  readonly started: number;
  /** Calls given up by their caller, queued or running. */
  readonly canceled: number;
  /** Jobs whose promise rejected. */
  readonly failed: number;
  /** Jobs whose function threw. */
  readonly panicked: number;
  /** Calls and posts that were not accepted, or not started before the owner stopped. */
  readonly refused: number;
  /** From being accepted to being started. */
  readonly waitMs: Percentiles;
  /** What the function did synchronously: the time for which it kept the queue. */
  readonly runMs: Percentiles;
}

const SAMPLES = 256;
const SAMPLE_EVERY = 8;
const MAX_OPERATIONS = 200;

/** Operations beyond the first two hundred names are counted together under this one. */
export const OTHER_OPERATIONS = "(other)";

/**
 * The numbers of one owner, per operation. Bounded: a fixed number of names, 256 samples each.
 */
export class StatsBook {
  readonly #operations = new Map<string, OperationCounter>();

  of(op: string): OperationCounter {
    const known = this.#operations.get(op);
    if (known !== undefined) return known;
    if (this.#operations.size >= MAX_OPERATIONS && op !== OTHER_OPERATIONS) return this.of(OTHER_OPERATIONS);
    const counter = new OperationCounter();
    this.#operations.set(op, counter);
    return counter;
  }

  snapshot(): Record<string, OperationStats> {
    const entries = [...this.#operations].map(([op, counter]) => [op, counter.snapshot()] as const);
    return Object.fromEntries(entries);
  }
}

export class OperationCounter {
  started = 0;
  canceled = 0;
  failed = 0;
  panicked = 0;
  refused = 0;
  readonly #waitMs = new Float64Array(SAMPLES);
  readonly #runMs = new Float64Array(SAMPLES);

  #accepted = 0;
  #sampled = 0;

  /** Whether the times of the next job are wanted: reading a clock costs as much as a small job. */
  wantsTimes(): boolean {
    this.#accepted += 1;
    return this.#accepted <= SAMPLES || this.#accepted % SAMPLE_EVERY === 0;
  }

  ranFor(waitMs: number, runMs: number): void {
    const slot = this.#sampled % SAMPLES;
    this.#waitMs[slot] = waitMs;
    this.#runMs[slot] = runMs;
    this.#sampled += 1;
  }

  snapshot(): OperationStats {
    const { started, canceled, failed, panicked, refused } = this;
    const kept = Math.min(this.#sampled, SAMPLES);
    const waitMs = percentiles(this.#waitMs.slice(0, kept));
    const runMs = percentiles(this.#runMs.slice(0, kept));
    return { started, canceled, failed, panicked, refused, waitMs, runMs };
  }
}

function percentiles(samples: Float64Array): Percentiles {
  samples.sort();
  const at = (share: number): number => samples[Math.min(samples.length - 1, Math.floor(samples.length * share))] ?? 0;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}
