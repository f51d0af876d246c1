import type { Clock } from "../../src/index.ts";

/** Whoever sets timers; those of one that crashed never fire, those of one that stalls fire late. */
export interface TimerOwner {
  readonly crashed: boolean;
  readonly stalled: boolean;
}

export interface SimTimer {
  readonly at: number;
  readonly owner: TimerOwner;
  readonly fire: () => void;
}

/** One time for all workers, that goes on only when the schedule says so. */
export class SimClock {
  now = 1_000_000;
  readonly #timers = new Set<SimTimer>();

  /** The clock as one worker has it. */
  of(owner: TimerOwner): Clock {
    return {
      now: () => this.now,
      after: (ms, fire) => {
        if (ms === Infinity) return () => undefined;
        const timer = { at: this.now + ms, owner, fire };
        this.#timers.add(timer);
        return () => void this.#timers.delete(timer);
      },
    };
  }

  /** The earliest timer that can fire; among equals the one that was set first. */
  next(): SimTimer | undefined {
    let next: SimTimer | undefined;
    for (const timer of this.#timers) {
      if (timer.owner.crashed || timer.owner.stalled) continue;
      if (next === undefined || timer.at < next.at) next = timer;
    }
    return next;
  }

  /** A timer fires: on time, or late when time has jumped. */
  fire(timer: SimTimer): void {
    this.#timers.delete(timer);
    this.now = Math.max(this.now, timer.at);
    timer.fire();
  }

  /** How many timers a worker has set. */
  countOf(owner: TimerOwner): number {
    return [...this.#timers].filter((timer) => timer.owner === owner).length;
  }

  /** Forgets the timers of one that will never be there again. */
  forget(owner: TimerOwner): void {
    for (const timer of this.#timers) if (timer.owner === owner) this.#timers.delete(timer);
  }
}
