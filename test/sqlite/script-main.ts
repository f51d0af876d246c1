import { collectTests, runTests } from "../support/mini-test.ts";
import { sqliteSuites } from "./sqlite-suites.ts";
import { temporaryFolder } from "./temporary-folder.ts";

// The program that Deno and Bun run: the store contract on SQLite, then its results as one line of JSON.

const folder = temporaryFolder();
const results = await runTests(collectTests(sqliteSuites(folder.path)));
folder.remove();
process.stdout.write(`\n${JSON.stringify(results)}\n`, () => process.exit(0));
