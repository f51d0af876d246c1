import { join } from "node:path";
import { sqliteStore } from "../../src/sqlite/index.ts";
import { storeContract } from "../run/store-contract.ts";
import type { PortableSuite } from "../support/test-api.ts";

/** The store contract on SQLite, in files of the given folder. They need a file system, so they are not portable. */
export function sqliteSuites(folder: string): Readonly<Record<string, PortableSuite>> {
  let count = 0;
  const path = (): string => join(folder, `store-${++count}.db`);
  return {
    "sqlite file": (api) => storeContract(api, () => Promise.resolve(sqliteStore({ path: path() }))),
    "sqlite file, full durability": (api) =>
      storeContract(api, () => Promise.resolve(sqliteStore({ path: path(), durability: "full" }))),
    "sqlite in memory": (api) => storeContract(api, () => Promise.resolve(sqliteStore({ path: ":memory:" }))),
  };
}
