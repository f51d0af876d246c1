import { TurnError } from "../../src/index.ts";
import { memoryStore, type RunStore } from "../../src/run/index.ts";
import { RecordedTransaction } from "./recorded-transaction.ts";

/** One call of a worker's store that the schedule has not let through yet. */
export interface HeldCall<Owner> {
  readonly owner: Owner;
  /** Runs the transaction; its answer is given at once, or kept until the schedule gives it. */
  readonly apply: (answer: "now" | "later") => void;
  /** Nothing is committed, and the caller is told so. */
  readonly fail: (code: "store-failed" | "store-busy") => void;
}

/** An answer on its way back: its transaction is committed, or was refused. */
export interface HeldAnswer<Owner> {
  readonly owner: Owner;
  readonly give: () => void;
}

/**
 * One store of rows behind many workers. Every call waits until the schedule lets it through; whatever is committed is
 * shown to `onCommit` inside the transaction, after the body.
 */
export class ScriptedStore<Owner> {
  readonly calls: HeldCall<Owner>[] = [];
  readonly answers: HeldAnswer<Owner>[] = [];
  readonly rows: RunStore = memoryStore();
  readonly #onCommit: (owner: Owner, tx: RecordedTransaction) => void;

  constructor(onCommit: (owner: Owner, tx: RecordedTransaction) => void) {
    this.#onCommit = onCommit;
  }

  /** The store as one worker has it. */
  of(owner: Owner): RunStore {
    return {
      transact: (body) =>
        new Promise((resolve, reject) => {
          this.calls.push({
            owner,
            apply: (answer) => {
              const give = (answered: () => void): void => {
                if (answer === "now") answered();
                else this.answers.push({ owner, give: answered });
              };
              void this.rows
                .transact((tx) => {
                  const recorded = new RecordedTransaction(tx);
                  const value = body(recorded);
                  this.#onCommit(owner, recorded);
                  return value;
                })
                .then(
                  (value) => give(() => resolve(value)),
                  (error: unknown) => give(() => reject(error as Error)),
                );
            },
            fail: (code) => reject(new TurnError(code, "The schedule lets the store fail")),
          });
        }),
      close: () => Promise.resolve(),
    };
  }

  /** What a crashed worker had asked, and what it was to be told, is lost. */
  forget(owner: Owner): void {
    dropWhere(this.calls, (call) => call.owner === owner);
    dropWhere(this.answers, (answer) => answer.owner === owner);
  }
}

export function dropWhere<T>(from: T[], gone: (item: T) => boolean): void {
  for (let at = from.length - 1; at >= 0; at--) {
    const item = from[at];
    if (item !== undefined && gone(item)) from.splice(at, 1);
  }
}
