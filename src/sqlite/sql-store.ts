import { TurnError } from "../errors.ts";
import { checkSynchronous } from "../run/check-synchronous.ts";
import type { RunStore, RunTransaction } from "../run/run-store.ts";
import { systemClock } from "../internal/clock.ts";
import { migrate } from "./migrate.ts";
import { type BusyRetry, retryWhileBusy } from "./retry-while-busy.ts";
import { SqlSession } from "./sql-session.ts";
import { SqlTransaction } from "./sql-transaction.ts";
import type { SqliteDriver } from "./sqlite-driver.ts";
import { DatabaseBusy, describeFailure, isBusy } from "./sqlite-failure.ts";

/** How a store comes to its database. */
export interface SqlStoreOptions {
  /** Resolves to what opens the database and brings it up to date, and may find it busy. */
  readonly load: () => Promise<() => SqliteDriver>;
  readonly retry: BusyRetry;
}

/** A store over a driver that is there already. Nothing of this needs a file, nor a platform that has them. */
export function driverStore(
  driver: SqliteDriver,
  retry: BusyRetry = { busyMs: 5_000, clock: systemClock, random: Math.random },
): RunStore {
  const open = (): SqliteDriver => {
    migrate(driver);
    return driver;
  };
  return new SqlStore({ load: () => Promise.resolve(open), retry });
}

/** What is there once the database is open. */
interface Opened {
  readonly driver: SqliteDriver;
  readonly session: SqlSession;
  readonly tx: SqlTransaction;
}

/**
 * Transactions one after the other, in the order in which they were asked for.
 *
 * 1. One transaction at a time is tried; those behind it wait, also while it waits for a busy database.
 * 2. A body is called again only when its transaction was never begun.
 * 3. An opening that failed leaves nothing open, and the next transaction tries it again.
 */
export class SqlStore implements RunStore {
  readonly #options: SqlStoreOptions;
  #opened: Opened | undefined;
  #closed: Promise<void> | undefined;
  /** Settles, never rejects, when everything asked for so far is done. */
  #tail: Promise<unknown> = Promise.resolve();

  constructor(options: SqlStoreOptions) {
    this.#options = options;
  }

  transact<T>(body: (tx: RunTransaction) => T): Promise<T> {
    if (this.#closed !== undefined) {
      return Promise.reject(new TurnError("closed", "Cannot use the store: it was closed"));
    }
    const result = this.#tail.then(() => this.#transact(body));
    this.#tail = result.then(settled, settled);
    return result;
  }

  close(): Promise<void> {
    this.#closed ??= this.#tail.then(() => {
      this.#opened?.driver.close?.();
      this.#opened = undefined;
    });
    return this.#closed;
  }

  #transact<T>(body: (tx: RunTransaction) => T): T | Promise<T> {
    const opened = this.#opened;
    if (opened === undefined) return this.#open().then(() => this.#transact(body));
    return retryWhileBusy(() => transactOnce(opened, body), this.#options.retry);
  }

  async #open(): Promise<void> {
    const connect = await this.#options.load();
    const driver = await retryWhileBusy(() => opening(connect), this.#options.retry);
    const session = new SqlSession(driver);
    this.#opened = { driver, session, tx: new SqlTransaction(session) };
  }
}

/** What waits in line does so for the end alone. */
function settled(): void {}

function opening<T>(step: () => T): T {
  const what = "Cannot open the database";
  try {
    return step();
  } catch (cause) {
    throw isBusy(cause) ? new DatabaseBusy(what, cause) : describeFailure(what, cause);
  }
}

function transactOnce<T>({ driver, session, tx }: Opened, body: (tx: RunTransaction) => T): T {
  // Not narrowed by the checker: the driver changes it.
  let stage = "before" as "before" | "inside" | "after";
  try {
    return driver.transaction(() => {
      stage = "inside";
      session.begin();
      tx.begin();
      const result = body(tx);
      checkSynchronous(result);
      session.checkFailure();
      stage = "after";
      return result;
    });
  } catch (cause) {
    // The body's own error as it is.
    if (stage === "inside") throw cause;
    if (stage === "after") throw describeFailure("Cannot commit a transaction", cause);
    const what = "Cannot begin a transaction";
    throw isBusy(cause) ? new DatabaseBusy(what, cause) : describeFailure(what, cause);
  }
}
