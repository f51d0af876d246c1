import { TurnError } from "../errors.ts";
import { migrations } from "./migrations.ts";
import type { SqliteDriver } from "./sqlite-driver.ts";

/**
 * Brings the database to the newest version, in one transaction. The version lives in a table, since a Durable Object has
 * no `PRAGMA user_version`. Of several processes that start at once, the first does the work.
 */
export function migrate(driver: SqliteDriver, steps: readonly (readonly string[])[] = migrations): void {
  driver.transaction(() => {
    driver.exec("CREATE TABLE IF NOT EXISTS turnwire_schema (version INTEGER NOT NULL)");
    const version = Number(driver.get("SELECT version FROM turnwire_schema", [])?.["version"] ?? 0);
    if (version > steps.length) {
      throw new TurnError(
        "store-failed",
        `The database was written by a newer turnwire (its schema has version ${version}, this one knows ` +
          `${steps.length}); update turnwire, or give another path`,
      );
    }
    if (version === steps.length) return;
    for (const sql of steps.slice(version).flat()) driver.exec(sql);
    const write =
      version === 0 ? "INSERT INTO turnwire_schema (version) VALUES (?)" : "UPDATE turnwire_schema SET version = ?";
    driver.run(write, [steps.length]);
  });
}
