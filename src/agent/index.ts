export type { Agent, AgentObject, AgentRun, Decision, Resume, TranscriptMessage } from "./agent.ts";
