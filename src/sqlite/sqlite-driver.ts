/** What goes into a statement and comes out of a row. */
export type SqliteValue = string | number | null;

export type SqliteRow = Readonly<Record<string, SqliteValue>>;

/**
 * All that the store asks of SQLite. Everything is synchronous, and errors are SQLite's own, with its messages.
 *
 * @example
 * ```ts
 * import type { SqliteDriver, SqliteRow } from "turnwire/sqlite";
 *
 * // A Durable Object's storage.
 * interface Storage {
 *   sql: { exec(query: string, ...values: unknown[]): { toArray(): SqliteRow[]; rowsWritten: number } };
 *   transactionSync<T>(body: () => T): T;
 * }
 *
 * export function storageDriver(storage: Storage): SqliteDriver {
 *   return {
 *     exec: (sql) => void storage.sql.exec(sql),
 *     run(sql, values) {
 *       const cursor = storage.sql.exec(sql, ...values);
 *       // A cursor that is not read to its end keeps the transaction from being committed.
 *       cursor.toArray();
 *       return { changes: cursor.rowsWritten };
 *     },
 *     get: (sql, values) => storage.sql.exec(sql, ...values).toArray()[0],
 *     all: (sql, values) => storage.sql.exec(sql, ...values).toArray(),
 *     transaction: (body) => storage.transactionSync(body),
 *   };
 * }
 * ```
 */
export interface SqliteDriver {
  /** Runs one statement without values. */
  exec(sql: string): void;
  /** Runs a statement that writes; `changes` is 0 when it met no row, and above 0 otherwise. */
  run(sql: string, values: readonly SqliteValue[]): { readonly changes: number };
  /** The first row. */
  get(sql: string, values: readonly SqliteValue[]): SqliteRow | undefined;
  all(sql: string, values: readonly SqliteValue[]): SqliteRow[];
  /**
   * Runs `body` in a transaction that may write from its beginning: kept when `body` returns, taken back when it throws.
   * When the database is busy it must throw before it calls `body`.
   */
  transaction<T>(body: () => T): T;
  /** Called when the store is closed. A driver that has it belongs to the store. */
  close?(): void;
}
