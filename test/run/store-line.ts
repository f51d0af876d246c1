import type { RunStore, RunTransaction } from "../../src/run/index.ts";
import { createDeferred, type Deferred } from "../../src/internal/deferred.ts";

/**
 * One worker's line to a store that others share. It can be cut, as when the worker's process dies: what was on its way
 * may still be written, and nothing is ever answered again. It can be held, as when the process stands still. And it can
 * fail, call by call.
 */
export class StoreLine implements RunStore {
  readonly #store: RunStore;
  #cut = false;
  #held: Deferred<void> | undefined;
  /** Transactions asked for so far. */
  calls = 0;
  /** Called before each transaction, with its number from 1: what it throws is how the transaction fails. */
  before: (call: number) => void = () => undefined;
  /** Looked at after each transaction's body: when it is true, the worker dies with that transaction's commit. */
  cutAfter: (tx: RunTransaction) => boolean = () => false;

  constructor(store: RunStore) {
    this.#store = store;
  }

  async transact<T>(body: (tx: RunTransaction) => T): Promise<T> {
    const call = ++this.calls;
    await this.#held?.promise;
    if (!this.#cut) this.before(call);
    if (this.#cut) return silence();
    const watched = (tx: RunTransaction): T => {
      const result = body(tx);
      if (!this.#cut && this.cutAfter(tx)) this.#cut = true;
      return result;
    };
    try {
      return await this.#store.transact(watched);
    } finally {
      if (this.#cut) await silence();
    }
  }

  cut(): void {
    this.#cut = true;
  }

  /** Lets nothing through until the returned function is called. */
  hold(): () => void {
    this.#held ??= createDeferred();
    return () => {
      this.#held?.resolve();
      this.#held = undefined;
    };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function silence(): Promise<never> {
  return new Promise(() => undefined);
}
