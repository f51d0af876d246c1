import type { JsonValue } from "../event/json.ts";
import type { InteractionRequest } from "./interaction.ts";
import { isObject } from "./remote-outcome.ts";
import type { SaidParts } from "./text-parts.ts";

/** What the agent must know to go on with a run in another process. */
export interface AgentCheckpoint {
  readonly executionId: string;
  readonly sessionId: string;
  /** When the run was first about to be dispatched, in milliseconds since the epoch. */
  readonly dispatchedAt: number;
  /** The last remote event that was taken; `"0"` for none. */
  readonly after: string;
  /** The answer up to there, and how far each of its parts had come. */
  readonly text: string;
  readonly parts: SaidParts;
  /** The question that the run waits with. */
  readonly asked?: InteractionRequest;
  /** The approvals of the engine whose decisions have reached the sandbox. */
  readonly answered: readonly string[];
}

const VERSION = 1;

export function encodeCheckpoint(checkpoint: AgentCheckpoint): JsonValue {
  // Made of JSON throughout: ids, texts, numbers, and a request that came as JSON.
  return { sandbox: VERSION, ...checkpoint } as unknown as JsonValue;
}

/** What was kept; undefined for nothing, or for what is not ours. */
export function decodeCheckpoint(value: JsonValue | undefined): AgentCheckpoint | undefined {
  if (!isObject(value) || value["sandbox"] !== VERSION) return undefined;
  return value as unknown as AgentCheckpoint;
}
