import { checkFiniteDuration, checkFunction, checkName, checkObject, checkOneOf } from "../internal/check-argument.ts";
import { type Clock, systemClock } from "../internal/clock.ts";
import type { RunStore } from "../run/run-store.ts";
import { migrate } from "./migrate.ts";
import { loadNodeSqlite } from "./node-sqlite-driver.ts";
import { type Durability, openDatabase } from "./open-database.ts";
import { driverStore, SqlStore } from "./sql-store.ts";
import type { SqliteDriver } from "./sqlite-driver.ts";

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
    return driverStore(driver, retry);
  }
  checkName("path", path);
  checkOneOf("durability", durability, ["normal", "full"]);
  return new SqlStore({
    async load() {
      const sqlite = await loadNodeSqlite();
      return () => openUpToDate(() => openDatabase(sqlite, path, durability));
    },
    retry,
  });
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
