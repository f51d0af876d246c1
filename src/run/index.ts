export type { Agent, AgentObject, AgentRun, Decision, Resume, StoppedRun, TranscriptMessage } from "../agent/agent.ts";
export type { RunEngineStats } from "./engine-stats.ts";
export type { Retention, RunEngineOptions, SessionPolicy } from "./engine-options.ts";
export { memoryStore } from "./memory-store.ts";
export { createRunEngine, type RunEngine } from "./run-engine.ts";
export type {
  ApprovalRecord,
  NewRun,
  RunDocumentName,
  RunFilter,
  RunProgress,
  RunRecord,
  RunStore,
  RunTransaction,
  TranscriptRecord,
} from "./run-store.ts";
