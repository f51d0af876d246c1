import { TurnError } from "../../src/index.ts";
import { memoryStore, type RunStore, type RunTransaction } from "../../src/run/index.ts";
import { RecordedTransaction } from "./recorded-transaction.ts";

/** One call of a worker's store that the schedule has not let through yet. */
export interface HeldCall<Owner> {
  readonly owner: Owner;
  /** Runs the transaction, perhaps at its second try; its answer is given at once, or kept until the schedule gives it. */
  readonly apply: (answer: "now" | "later", tries?: 1 | 2) => void;
  /** Nothing is committed, and the caller is told so; `late` means that the body has run by then. */
  readonly fail: (code: "store-failed" | "store-busy", when: "early" | "late") => void;
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
export class ScriptedStore<Owner extends { readonly crashed: boolean }> {
  readonly calls: HeldCall<Owner>[] = [];
  readonly answers: HeldAnswer<Owner>[] = [];
  readonly rows: RunStore = memoryStore();
  readonly #onCommit: (owner: Owner, tx: RecordedTransaction) => void;
  readonly #onKept: (owner: Owner) => void;

  /** `onKept` is called once a transaction is kept, before anything else happens. */
  constructor(onCommit: (owner: Owner, tx: RecordedTransaction) => void, onKept: (owner: Owner) => void) {
    this.#onCommit = onCommit;
    this.#onKept = onKept;
  }

  /** The store as one worker has it. */
  of(owner: Owner): RunStore {
    return {
      transact: (body) =>
        new Promise((resolve, reject) => {
          if (owner.crashed) return;
          this.calls.push({
            owner,
            apply: (answer, tries = 1) => {
              if (tries === 2) tryInVain(this.rows, body);
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
                  (value) => {
                    this.#onKept(owner);
                    give(() => resolve(value));
                  },
                  (error: unknown) => give(() => reject(error as Error)),
                );
            },
            fail: (code, when) => {
              const error = new TurnError(code, "The schedule lets the store fail");
              if (when === "late") tryInVain(this.rows, body);
              reject(error);
            },
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

/** A transaction that does not come to its end: nothing of it is kept. */
function tryInVain(rows: RunStore, body: (tx: RunTransaction) => unknown): void {
  rows
    .transact((tx) => {
      body(new RecordedTransaction(tx));
      throw new TurnError("store-failed", "The schedule takes the transaction back");
    })
    .catch(() => undefined);
}

export function dropWhere<T>(from: T[], gone: (item: T) => boolean): void {
  for (let at = from.length - 1; at >= 0; at--) {
    const item = from[at];
    if (item !== undefined && gone(item)) from.splice(at, 1);
  }
}
