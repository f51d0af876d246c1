export { type NodeSqliteDatabase, nodeSqliteDriver } from "./node-sqlite-driver.ts";
export type { Durability } from "./open-database.ts";
export type { SqliteDriver, SqliteRow, SqliteValue } from "./sqlite-driver.ts";
export { sqliteStore, type SqliteStoreOptions } from "./sqlite-store.ts";
