import { TurnError } from "../errors.ts";
import type { SqliteDriver, SqliteRow, SqliteValue } from "./sqlite-driver.ts";

// The parts of `node:sqlite` that are used here; Node, Deno and Bun have the same.

interface Statement {
  run(...values: SqliteValue[]): { readonly changes: number | bigint };
  get(...values: SqliteValue[]): unknown;
  all(...values: SqliteValue[]): unknown;
}

/** A database of `node:sqlite`. */
export interface NodeSqliteDatabase {
  /** Missing in Node before 22.16, and in other runtimes of that time. */
  readonly isTransaction?: boolean;
  exec(sql: string): void;
  prepare(sql: string): Statement;
  close(): void;
}

interface NodeSqlite {
  readonly DatabaseSync: new (path: string) => NodeSqliteDatabase;
}

const MAX_STATEMENTS = 128;

/**
 * Loads `node:sqlite` only here and only now, so that the rest can be imported where it is missing. The cast keeps the
 * type checker, which knows no Node here, from looking for it.
 */
export async function loadNodeSqlite(): Promise<NodeSqlite> {
  try {
    return (await import("node:sqlite" as string)) as NodeSqlite;
  } catch (cause) {
    const what = "This runtime has no node:sqlite (Node 24, Deno 2.2 and Bun 1.4 have it)";
    throw new TurnError("not-supported", `${what}; give sqliteStore a driver instead of a path`, { cause });
  }
}

/**
 * A driver for a database of `node:sqlite` that was opened elsewhere. {@link sqliteStore} makes its own from a path, with
 * WAL and the rest set; here all of that is the caller's.
 *
 * @example
 * ```ts
 * import { DatabaseSync } from "node:sqlite";
 * import { nodeSqliteDriver, sqliteStore } from "turnwire/sqlite";
 *
 * const store = sqliteStore({ driver: nodeSqliteDriver(new DatabaseSync(":memory:")) });
 * await store.close();
 * ```
 */
export function nodeSqliteDriver(database: NodeSqliteDatabase): SqliteDriver {
  // Oldest first: a statement that is used again moves to the end only when there is a crowd.
  const statements = new Map<string, Statement>();
  const prepare = (sql: string): Statement => {
    const known = statements.get(sql);
    if (known !== undefined) return known;
    const [oldest] = statements.keys();
    if (statements.size >= MAX_STATEMENTS && oldest !== undefined) statements.delete(oldest);
    const statement = database.prepare(sql);
    statements.set(sql, statement);
    return statement;
  };
  const rollBack = (): void => {
    // After some errors (a full disk) SQLite has rolled back by itself.
    if (database.isTransaction === false) return;
    try {
      prepare("ROLLBACK").run();
    } catch (error) {
      // Where nobody can say whether there is one left to roll back, trying is the way to know.
      if (database.isTransaction === true) throw error;
    }
  };
  return {
    exec: (sql) => database.exec(sql),
    run: (sql, values) => ({ changes: Number(prepare(sql).run(...values).changes) }),
    get: (sql, values) => (prepare(sql).get(...values) ?? undefined) as SqliteRow | undefined,
    all: (sql, values) => prepare(sql).all(...values) as SqliteRow[],
    transaction(body) {
      prepare("BEGIN IMMEDIATE").run();
      try {
        const result = body();
        prepare("COMMIT").run();
        return result;
      } catch (error) {
        rollBack();
        throw error;
      }
    },
    close() {
      statements.clear();
      database.close();
    },
  };
}
