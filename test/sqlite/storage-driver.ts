import type { SqliteDriver, SqliteRow } from "../../src/sqlite/index.ts";

/** A Durable Object's storage, as far as it is used here. */
export interface Storage {
  readonly sql: {
    exec(query: string, ...values: unknown[]): { toArray(): SqliteRow[]; readonly rowsWritten: number };
  };
  transactionSync<T>(body: () => T): T;
}

/** The driver that {@link SqliteDriver}'s documentation shows. */
export function storageDriver(storage: Storage): SqliteDriver {
  return {
    exec: (sql) => void storage.sql.exec(sql),
    run(sql, values) {
      const cursor = storage.sql.exec(sql, ...values);
      // A cursor that is not read to its end keeps the transaction from being committed.
      cursor.toArray();
      return { changes: cursor.rowsWritten };
    },
    get: (sql, values) => storage.sql.exec(sql, ...values).toArray()[0],
    all: (sql, values) => storage.sql.exec(sql, ...values).toArray(),
    transaction: (body) => storage.transactionSync(body),
  };
}
