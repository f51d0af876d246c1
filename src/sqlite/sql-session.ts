import type { SqliteDriver, SqliteRow, SqliteValue } from "./sqlite-driver.ts";
import { describeFailure } from "./sqlite-failure.ts";

/**
 * Statements inside one transaction after another.
 *
 * Some failures (a full disk) make SQLite roll back on its own, and what came after would be written outside of any
 * transaction. So the first failure is kept: every later statement of the transaction fails with it, and so does the
 * transaction, even when its body caught the error.
 */
export class SqlSession {
  readonly #driver: SqliteDriver;
  #failure: unknown;

  constructor(driver: SqliteDriver) {
    this.#driver = driver;
  }

  /** To be called before a transaction's first statement. */
  begin(): void {
    this.#failure = undefined;
  }

  /** To be called after its last: throws if one has failed. */
  checkFailure(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** How many rows were changed: 0, or any number above it. */
  run(sql: string, values: readonly SqliteValue[]): number {
    return this.#guard(() => this.#driver.run(sql, values).changes);
  }

  get(sql: string, values: readonly SqliteValue[]): SqliteRow | undefined {
    return this.#guard(() => this.#driver.get(sql, values));
  }

  all(sql: string, values: readonly SqliteValue[]): SqliteRow[] {
    return this.#guard(() => this.#driver.all(sql, values));
  }

  #guard<T>(body: () => T): T {
    this.checkFailure();
    try {
      return body();
    } catch (error) {
      this.#failure = describeFailure("The store failed", error);
      throw this.#failure;
    }
  }
}
