import { join } from "node:path";
import { sqliteStore } from "../../src/sqlite/index.ts";
import { describeSubstrate } from "../../src/substrate/conformance/index.ts";
import { agentCancelSuite } from "../run/agent-cancel-suite.ts";
import { openEngineFixture } from "../run/engine-fixture.ts";
import { unknownAgentSuite } from "../run/unknown-agent-suite.ts";
import type { PortableSuite } from "../support/test-api.ts";

/** Suites of the run engine over SQLite files; in the conformance suite each engine has a connection of its own. */
export function engineSuites(folder: string): Readonly<Record<string, PortableSuite>> {
  let count = 0;
  return {
    "run engine on a sqlite file": (api) =>
      describeSubstrate(
        "the run engine on a SQLite file",
        {
          open: async () => {
            const path = join(folder, `engine-${++count}.db`);
            return openEngineFixture({ open: () => sqliteStore({ path }) }, "safe");
          },
        },
        api,
      ),
    "unknown agents on a sqlite file": unknownAgentSuite(() =>
      sqliteStore({ path: join(folder, `unknown-agent-${++count}.db`) }),
    ),
    "agents' cancel on a sqlite file": agentCancelSuite(() =>
      sqliteStore({ path: join(folder, `agent-cancel-${++count}.db`) }),
    ),
  };
}
