/** The right to be running now: at most `max` are held, and each is given back once (R1, R2). */
export class Slots {
  readonly max: number;
  #held = 0;

  constructor(max: number) {
    this.max = max;
  }

  get held(): number {
    return this.#held;
  }

  /** How many are free. */
  get left(): number {
    return this.max - this.#held;
  }

  get free(): boolean {
    return this.left > 0;
  }

  /** Takes a slot and returns what gives it back; calling that twice is calling it once. */
  take(): () => void {
    this.#held++;
    let given = false;
    return () => {
      if (given) return;
      given = true;
      this.#held--;
    };
  }
}
