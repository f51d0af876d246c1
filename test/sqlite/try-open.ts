import { isTurnError } from "../../src/errors.ts";
import { sqliteStore } from "../../src/sqlite/index.ts";

// Opens a database, as another user if one is named, and prints how that failed.

const [path = "", user = ""] = process.argv.slice(2);
// Loaded before the change, since the other user may not read the project.
await sqliteStore({ path: ":memory:" }).transact(() => 1);
if (user !== "") process.setuid?.(Number(user));
const store = sqliteStore({ path });
try {
  await store.transact((tx) => tx.getRun("x"));
  console.log(JSON.stringify("it worked"));
} catch (error) {
  console.log(JSON.stringify(isTurnError(error) ? { code: error.code, message: error.message } : String(error)));
}
