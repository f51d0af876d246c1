import { collectTests, runTests } from "../support/mini-test.ts";
import { engineSuites } from "./engine-suites.ts";
import { sqliteSuites } from "./sqlite-suites.ts";
import { temporaryFolder } from "./temporary-folder.ts";

// The program that Deno and Bun run: the store contract and the run engine's conformance on SQLite, then the
// results as one line of JSON.

const folder = temporaryFolder();
const results = await runTests(collectTests({ ...sqliteSuites(folder.path), ...engineSuites(folder.path) }));
folder.remove();
process.stdout.write(`\n${JSON.stringify(results)}\n`, () => process.exit(0));
