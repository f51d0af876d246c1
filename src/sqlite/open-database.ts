import type { loadNodeSqlite } from "./node-sqlite-driver.ts";
import { nodeSqliteDriver } from "./node-sqlite-driver.ts";
import type { SqliteDriver } from "./sqlite-driver.ts";

/**
 * What a power cut may take from a SQLite file. `full`: nothing that was told to be kept. `normal`: the last transactions,
 * some milliseconds of them, but never one without those before it, and never a part of one. A process that dies alone,
 * by SIGKILL too, loses nothing with either.
 */
export type Durability = "normal" | "full";

/** How long SQLite itself may wait for a lock: the event loop stands still meanwhile. The store waits on without that. */
const BLOCKING_WAIT_MS = 2;
const CACHE_KIB = 16_384;

/** Opens a file of SQLite's, with the settings for several processes that write short transactions. */
export function openDatabase(
  { DatabaseSync }: Awaited<ReturnType<typeof loadNodeSqlite>>,
  path: string,
  durability: Durability,
): SqliteDriver {
  const database = new DatabaseSync(path);
  try {
    database.exec(`PRAGMA busy_timeout = ${BLOCKING_WAIT_MS}`);
    database.exec("PRAGMA journal_mode = WAL");
    database.exec(`PRAGMA synchronous = ${durability}`);
    database.exec(`PRAGMA cache_size = -${CACHE_KIB}`);
    return nodeSqliteDriver(database);
  } catch (error) {
    database.close();
    throw error;
  }
}
