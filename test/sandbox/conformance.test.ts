import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sandboxSubstrate } from "../../src/sandbox/index.ts";
import { type ConformanceSkips, describeSubstrate } from "../../src/substrate/conformance/index.ts";
import { conformanceRemoteAgent } from "../support/orchestrator/conformance-remote-agent.ts";
import { type Orchestrator, startOrchestrator } from "../support/orchestrator/orchestrator.ts";
import { accessBy, type Transport, transports } from "./transports.ts";

/** What a sandbox does not give, and so its substrate neither. */
const skip: ConformanceSkips = {
  stall: "the orchestrator is the only writer of its runs, and it is not ours to freeze",
  slots: "the orchestrator starts every run at once",
  settles: "the log is raw: hooks run in handleChatTurn or in the run engine",
  list: "the orchestrator lists no executions",
  "S4: a cursor beyond a running log is cursor-ahead, and the execution goes on":
    "the orchestrator does not say where a log ends, so what has not come yet is waited for",
};

const own: Readonly<Record<Transport, ConformanceSkips>> = {
  HTTP: {
    "S1: opens of two instances at once start one execution":
      "one is started, but the answer to a dispatch does not say for whom, so both say that they created it",
  },
  SDK: {},
};

describe.each(transports)("by %s", (transport) => {
  let orchestrator: Orchestrator;
  beforeAll(async () => {
    orchestrator = await startOrchestrator({ agent: conformanceRemoteAgent });
  });
  afterAll(() => orchestrator.close());

  describeSubstrate(
    `the sandbox by ${transport}`,
    {
      open: async () => {
        const create = () => sandboxSubstrate(accessBy(transport, orchestrator), { quietMs: 15 });
        return {
          substrate: create(),
          another: async () => create(),
          reopen: async () => create(),
          trim: async ({ executionId }) => orchestrator.expire(executionId),
        };
      },
      bulk: 400,
      skip: { ...skip, ...own[transport] },
    },
    { describe, it, expect },
  );
});
