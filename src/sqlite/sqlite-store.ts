import { TurnError } from "../errors.ts";
import { checkFiniteDuration, checkFunction, checkName, checkObject, checkOneOf } from "../internal/check-argument.ts";
import { type Clock, systemClock } from "../internal/clock.ts";
import { checkSynchronous } from "../run/check-synchronous.ts";
import type { RunStore, RunTransaction } from "../run/run-store.ts";
import { migrate } from "./migrate.ts";
import { loadNodeSqlite } from "./node-sqlite-driver.ts";
import { type Durability, openDatabase } from "./open-database.ts";
import { type BusyRetry, retryWhileBusy } from "./retry-while-busy.ts";
import { SqlSession } from "./sql-session.ts";
import { SqlTransaction } from "./sql-transaction.ts";
import type { SqliteDriver } from "./sqlite-driver.ts";
import { DatabaseBusy, describeFailure, isBusy } from "./sqlite-failure.ts";

/** How a store waits for a database that somebody else is writing to. */
interface WaitOptions {
  /** How long a transaction is tried again while the database is busy, before it is `store-busy`. Default 5,000. */
  readonly busyMs?: number;
  readonly clock?: Clock;
}

export type SqliteStoreOptions =
  | (WaitOptions & {
      /** The file, made when it is missing. Several processes on one machine may share it. */
      readonly path: string;
      /** Default `normal`. */
      readonly durability?: Durability;
    })
  | (WaitOptions & { readonly driver: SqliteDriver });

/**
 * A store in a SQLite file, for one process or several. The file is opened by the first transaction.
 *
 * @example
 * ```ts
 * import { sqliteStore } from "turnwire/sqlite";
 *
 * const store = sqliteStore({ path: ":memory:" });
 * await store.transact((tx) => tx.getRun("gtm-agent:thread-abc:3")); // undefined
 * await store.close();
 * ```
 */
export function sqliteStore(options: SqliteStoreOptions): RunStore {
  return new SqliteStore(checkOptions(options));
}

interface ResolvedOptions {
  /** Resolves to what opens the database and brings it up to date, and may find it busy. */
  readonly load: () => Promise<() => SqliteDriver>;
  readonly retry: BusyRetry;
}

function checkOptions(options: SqliteStoreOptions): ResolvedOptions {
  checkObject("options", options);
  const { busyMs = 5_000, clock = systemClock } = options;
  checkFiniteDuration("busyMs", busyMs);
  const retry = { busyMs, clock, random: Math.random };
  const {
    path,
    driver,
    durability = "normal",
  }: { path?: unknown; driver?: SqliteDriver; durability?: Durability } = options;
  if ((path === undefined) === (driver === undefined)) {
    throw new TypeError("sqliteStore takes either a path or a driver");
  }
  if (driver !== undefined) {
    checkObject("driver", driver);
    for (const name of ["exec", "run", "get", "all", "transaction"] as const)
      checkFunction(`driver.${name}`, driver[name]);
    const open = (): SqliteDriver => {
      migrate(driver);
      return driver;
    };
    return { load: () => Promise.resolve(open), retry };
  }
  checkName("path", path);
  checkOneOf("durability", durability, ["normal", "full"]);
  return {
    async load() {
      const sqlite = await loadNodeSqlite();
      return () => openUpToDate(() => openDatabase(sqlite, path, durability));
    },
    retry,
  };
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
class SqliteStore implements RunStore {
  readonly #options: ResolvedOptions;
  #opened: Opened | undefined;
  #closed: Promise<void> | undefined;
  /** Settles, never rejects, when everything asked for so far is done. */
  #tail: Promise<unknown> = Promise.resolve();

  constructor(options: ResolvedOptions) {
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

/** Closes again what cannot be used. */
function openUpToDate(connect: () => SqliteDriver): SqliteDriver {
  const driver = connect();
  try {
    migrate(driver);
    return driver;
  } catch (error) {
    driver.close?.();
    throw error;
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
