import { TurnError } from "../errors.ts";
import { checkSynchronous } from "./check-synchronous.ts";
import { MemoryTransaction } from "./memory-transaction.ts";
import type { RunStore } from "./run-store.ts";

/**
 * A store that lives in this process and ends with it: for tests, for development, and for products that can afford to
 * lose what runs when they restart. It is also the reference that other stores are compared with.
 *
 * @example
 * ```ts
 * import { memoryStore } from "turnwire/run";
 *
 * const store = memoryStore();
 * await store.transact((tx) => tx.getRun("gtm-agent:thread-abc:3")); // undefined
 * await store.close();
 * ```
 */
export function memoryStore(): RunStore {
  const tx = new MemoryTransaction();
  let closed = false;
  return {
    transact(body) {
      if (closed) return Promise.reject(new TurnError("closed", "Cannot use the store: it was closed"));
      // In a microtask, so that a body is never run inside its caller, nor inside another body.
      return Promise.resolve().then(() => {
        try {
          const result = body(tx);
          checkSynchronous(result);
          tx.keep();
          return result;
        } catch (error) {
          tx.undo();
          throw error;
        }
      });
    },
    close() {
      closed = true;
      return Promise.resolve();
    },
  };
}
