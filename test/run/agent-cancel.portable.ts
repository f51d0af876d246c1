import { memoryStore } from "../../src/run/index.ts";
import type { PortableSuite } from "../support/test-api.ts";
import { agentCancelSuite } from "./agent-cancel-suite.ts";

const suite: PortableSuite = agentCancelSuite(memoryStore);

export default suite;
