import type { SqliteDriver } from "../sqlite/sqlite-driver.ts";
import type { ObjectStorage } from "./object-platform.ts";

/**
 * The store's driver over a Durable Object's storage. `afterCommit` is called in the same breath as a transaction was
 * kept, before anything else can happen: what it writes is kept together with it, or not at all.
 */
export function storageDriver(storage: ObjectStorage, afterCommit: () => void): SqliteDriver {
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
    transaction(body) {
      const result = storage.transactionSync(body);
      afterCommit();
      return result;
    },
  };
}
