import { collectTests, runTests } from "../support/mini-test.ts";
import processIsolation from "./process-isolation.ts";

// For Deno and Bun: the process suite, then one line of JSON.
const results = await runTests(collectTests({ "script/process-isolation": processIsolation }));
process.stdout.write(`\n${JSON.stringify(results)}\n`, () => process.exit(0));
