import type { TokenUsage } from "./usage.ts";

/** Why a turn failed, as its client may know it. */
export interface TurnFailure {
  readonly message: string;
  readonly code?: string;
}

/** How a turn ended. */
export interface TurnOutcome {
  readonly status: "completed" | "failed" | "cancelled";
  /** The answer as it was (or would have been) persisted; empty when a partial answer was dropped. */
  readonly finalText: string;
  /** Whether `persistAssistantMessage` finished. */
  readonly persisted: boolean;
  readonly usage?: TokenUsage;
  readonly failure?: TurnFailure;
}
