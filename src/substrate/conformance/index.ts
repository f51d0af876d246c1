export {
  type AgentCalls,
  conformanceAgent,
  conformanceCalls,
  conformanceHooks,
  type ConformanceRun,
} from "./conformance-agent.ts";
export type { ConformanceApi, ConformanceExpect, ConformanceIt } from "./conformance-api.ts";
export { type ConformanceGate, openConformanceGate } from "./conformance-gates.ts";
export { describeSubstrate } from "./describe-substrate.ts";
export type {
  Capability,
  ConformanceSkips,
  ExecutionRef,
  Guarantee,
  SubstrateFixture,
  SubstrateUnderTest,
} from "./fixture.ts";
