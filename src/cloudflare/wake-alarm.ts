import type { ObjectStorage } from "./object-platform.ts";

/**
 * The object's alarm, which brings the engine back when nothing else does: after an eviction, a deploy, an exception.
 *
 * Invariants: an alarm is only ever moved to an earlier time, because each move costs a written row, and one that goes off
 * for nothing costs a request; it is set together with the transaction that wants it (see `storageDriver`).
 */
export class WakeAlarm {
  readonly #storage: ObjectStorage;
  readonly #onFailure: (error: unknown) => void;
  /** When the alarm goes off; Infinity when none is set. */
  #at = Infinity;
  #wanted = Infinity;

  constructor(storage: ObjectStorage, onFailure: (error: unknown) => void) {
    this.#storage = storage;
    this.#onFailure = onFailure;
  }

  /** What an earlier instance of the object has set. */
  async load(): Promise<void> {
    this.#at = (await this.#storage.getAlarm()) ?? Infinity;
  }

  /** The alarm has gone off: none is set now. */
  rang(): void {
    this.#at = Infinity;
  }

  /** Said inside of a transaction: when the engine must be looked after, at the latest. */
  want(at: number | undefined): void {
    this.#wanted = at ?? Infinity;
  }

  /** Sets what the transaction wanted, now that it is kept. */
  set(): void {
    if (this.#wanted >= this.#at) return;
    this.#at = this.#wanted;
    this.#storage.setAlarm(this.#at).catch((error: unknown) => {
      this.#at = Infinity;
      this.#onFailure(error);
    });
  }
}
