export type { Agent, AgentObject, AgentRun, Decision, Resume, StoppedRun, TranscriptMessage } from "./agent.ts";
