import type { Clock } from "../internal/clock.ts";
import type { ObjectStorage } from "./object-platform.ts";

/** The platform refuses alarms for later ("dates after 2189"): such a time never comes. */
const LATEST = Date.UTC(2189, 0);

/**
 * The object's alarm, which brings the engine back when nothing else does: after an eviction, a deploy, an exception.
 *
 * Invariants: an alarm is only ever moved to an earlier time, because each move costs a written row, and one that goes off
 * for nothing costs a request; it is set together with the transaction that wants it (see `storageDriver`). While one is
 * answered none is set: the platform rings again for an instance that is lost before its answer.
 */
export class WakeAlarm {
  readonly #storage: ObjectStorage;
  readonly #clock: Clock;
  readonly #onFailure: (error: unknown) => void;
  /** When the alarm goes off; Infinity when none is set. */
  #at = Infinity;
  #wanted = Infinity;
  #answering = false;

  constructor(storage: ObjectStorage, clock: Clock, onFailure: (error: unknown) => void) {
    this.#storage = storage;
    this.#clock = clock;
    this.#onFailure = onFailure;
  }

  /** What an earlier instance of the object has set. */
  async load(): Promise<void> {
    const at = (await this.#storage.getAlarm()) ?? Infinity;
    // One whose time has passed is about to go off, or was lost with that instance: it must hold up no other.
    this.#at = at > this.#clock.now() ? at : Infinity;
  }

  /** The alarm has gone off: none is set now. What is wanted is set once that has been seen to. */
  async answer(seeToIt: () => Promise<unknown>): Promise<void> {
    this.#at = Infinity;
    this.#answering = true;
    try {
      await seeToIt();
    } finally {
      this.#answering = false;
      this.set();
    }
  }

  /** Said inside of a transaction: when the engine must be looked after, at the latest. */
  want(at: number | undefined): void {
    this.#wanted = at === undefined || at > LATEST ? Infinity : at;
  }

  /** Sets what the transaction wanted, now that it is kept. */
  set(): void {
    if (this.#answering || this.#wanted >= this.#at) return;
    this.#at = this.#wanted;
    this.#storage.setAlarm(this.#at).catch((error: unknown) => {
      this.#at = Infinity;
      this.#onFailure(error);
    });
  }
}
