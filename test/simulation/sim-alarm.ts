import type { SimClock } from "./sim-clock.ts";

/**
 * What a place that puts its only engine to sleep keeps for it: one time, at which it is brought back. It is only ever
 * moved to an earlier one, and it outlives the engine.
 */
export class SimAlarm {
  readonly #clock: SimClock;
  readonly #onRing: () => void;
  #at = Infinity;
  #forget: () => void = () => undefined;

  constructor(clock: SimClock, onRing: () => void) {
    this.#clock = clock;
    this.#onRing = onRing;
  }

  /** Wanted by a transaction that is kept. */
  want(at = Infinity): void {
    if (at >= this.#at) return;
    this.#forget();
    this.#at = at;
    const place = { crashed: false, stalled: false };
    this.#forget = this.#clock.of(place).after(Math.max(0, at - this.#clock.now), () => {
      this.#at = Infinity;
      this.#onRing();
    });
  }
}
