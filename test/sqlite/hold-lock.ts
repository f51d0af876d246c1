import { writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

// Holds a database's write lock for some time, and says so with a file beside it.

const [path = "", ms = "0"] = process.argv.slice(2);
const database = new DatabaseSync(path);
database.exec("PRAGMA busy_timeout = 5000; BEGIN IMMEDIATE");
writeFileSync(`${path}.held`, "");
setTimeout(() => {
  database.exec("ROLLBACK");
  database.close();
}, Number(ms));
