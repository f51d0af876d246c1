import { memoryStore } from "../../src/run/index.ts";
import type { PortableSuite } from "../support/test-api.ts";
import { unknownAgentSuite } from "./unknown-agent-suite.ts";

const suite: PortableSuite = unknownAgentSuite(memoryStore);

export default suite;
