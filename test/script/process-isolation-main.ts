import { collectTests, runTests } from "../support/mini-test.ts";
import processAgent from "./process-agent.ts";
import processIsolation from "./process-isolation.ts";

// For Deno and Bun: the process suites, then one line of JSON.
const results = await runTests(
  collectTests({ "script/process-isolation": processIsolation, "script/process-agent": processAgent }),
);
process.stdout.write(`\n${JSON.stringify(results)}\n`, () => process.exit(0));
