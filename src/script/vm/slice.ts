import { CpuTime } from "./cpu-time.ts";
import type { ScriptSource, VmStop } from "./vm.ts";

// Asked every 10,000 loop turns or calls. QuickJS makes at most some 200,000 of those in a millisecond on the fastest
// machines, so a budget of 20 questions a millisecond never ends a script before its time, and still ends one where the
// clock stands still during CPU work (deployed Workers).
const QUESTIONS_PER_MS = 20;
// The same for jobs: none is shorter than a fifth of a microsecond.
const JOBS_PER_MS = 5_000;
// The last question may come a little before the limit and the work end a little after it.
const TOLERANCE = 2;
// The compiler cannot be interrupted; a source is given time in proportion to its length.
const SOURCE_CHARS_PER_MS = 8_192;

/** Milliseconds beyond a slice that a source's compilation may take. */
export function extraMsForSource(script: ScriptSource): number {
  const chars = script.modules.reduce((sum, [, source]) => sum + source.length, script.source.length);
  return Math.ceil(chars / SOURCE_CHARS_PER_MS);
}

// However little CPU time a program gets, a slice ends after so many times its limit.
const MOST_LATE = 20;

const cpuTime = new CpuTime();

/**
 * One uninterrupted stretch of work of a VM: how long it may last and why it was stopped. Time that a script spends
 * waiting is between slices and does not count, nor does time in which the program was kept from its CPU.
 */
export class Slice {
  readonly #limitMs: number;
  readonly #startedAt: number;
  readonly #cpuMark: number;
  #end: number;
  #questions: number;
  #jobs: number;
  #stop: VmStop | undefined = undefined;

  constructor(limitMs: number) {
    this.#limitMs = limitMs;
    this.#startedAt = performance.now();
    this.#cpuMark = cpuTime.mark(this.#startedAt);
    this.#end = this.#startedAt + limitMs;
    this.#questions = limitMs * QUESTIONS_PER_MS;
    this.#jobs = limitMs * JOBS_PER_MS;
  }

  /** For the interrupt handler. */
  shouldInterrupt(): boolean {
    this.#questions -= 1;
    if (this.#stop === undefined && (this.#questions <= 0 || this.#isLate(0))) this.#timeOut();
    return this.#stop !== undefined;
  }

  /** Between batches of jobs. */
  mayRunJobs(count: number): boolean {
    this.#jobs -= count;
    if (this.#stop === undefined && (this.#jobs <= 0 || this.#isLate(0))) this.#timeOut();
    return this.#stop === undefined;
  }

  overLimit(message: string): void {
    this.#stop ??= { code: "script-limit", message, wholeVm: false };
  }

  /** Why this slice was stopped. A builtin that the interrupt cannot reach is found out here, when it is over. */
  verdict(): VmStop | undefined {
    if (this.#stop === undefined && this.#isLate((TOLERANCE - 1) * this.#limitMs)) this.#timeOut();
    return this.#stop;
  }

  #isLate(toleranceMs: number): boolean {
    const now = performance.now();
    if (now <= this.#end + toleranceMs) return false;
    const used = cpuTime.usedSince(this.#cpuMark);
    const limit = this.#limitMs + toleranceMs;
    if (used === undefined || used >= limit || now - this.#startedAt > MOST_LATE * this.#limitMs) return true;
    this.#end = now + limit - used;
    return false;
  }

  #timeOut(): void {
    const message = `The script ran for more than ${this.#limitMs} ms without a pause (sliceMs)`;
    this.#stop = { code: "script-timeout", message, wholeVm: false };
  }
}
