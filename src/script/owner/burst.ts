import { macrotasksCanBeLost, nextMacrotask } from "../../internal/macrotask.ts";

// How long the owner may keep the event loop before it lets timers and sockets have a turn. The count stands in for the
// time where clocks do not advance during CPU work (deployed Workers).
const MAX_BURST_MS = 8;
const MAX_BURST_JOBS = 1_000;
const BURST_GAP_MS = 1;

/** How long jobs have run one after the other, and the pause that the event loop gets after that. */
export class Burst {
  #startedAt = 0;
  #endedAt = 0;
  #jobs = 0;
  // Ends the pause; undefined where there is none.
  #goOn: (() => void) | undefined = undefined;

  /** To be told when jobs begin to run: after a while without any it is a new burst. */
  begins(now: number): void {
    if (now - this.#endedAt > BURST_GAP_MS) this.#reset(now);
  }

  /** To be told when a job has ended. */
  ended(now: number): void {
    this.#endedAt = now;
    this.#jobs += 1;
  }

  // Also true for callers that await each call before the next: microtasks alone would starve timers and sockets.
  get isOver(): boolean {
    return this.#jobs >= MAX_BURST_JOBS || this.#endedAt - this.#startedAt >= MAX_BURST_MS;
  }

  /** Calls `turn` when the event loop had its share. */
  pause(now: () => number, turn: () => void): void {
    this.#goOn = () => {
      this.#goOn = undefined;
      this.#reset(now());
      turn();
    };
    this.#awaitMacrotask();
  }

  /** To be told of a job that comes while a turn is due: the request that began the pause may end before it does. */
  arrives(): void {
    if (macrotasksCanBeLost && this.#goOn !== undefined) this.#awaitMacrotask();
  }

  #awaitMacrotask(): void {
    void nextMacrotask().then(() => this.#goOn?.());
  }

  #reset(now: number): void {
    this.#jobs = 0;
    this.#startedAt = now;
  }
}
