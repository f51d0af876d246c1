import type { TurnIdentity } from "../event/identity.ts";
import type { JsonValue } from "../event/json.ts";
import type { TurnEvent } from "../event/turn-event.ts";
import type { TurnInput } from "../substrate/turn-input.ts";

/** One decided approval, as the agent that asked gets it. */
export interface Decision {
  readonly approvalId: string;
  readonly decision: "approve" | "edit" | "reject" | "expired";
  /** With `edit`: what the tool shall get instead. */
  readonly input?: JsonValue;
  readonly note?: string;
}

/** Why an agent is called again after a suspension. */
export interface Resume extends Decision {
  /** Every approval of the suspension, in the order in which they were asked for. The fields beside it are the last one's. */
  readonly all: readonly Decision[];
}

/** One message of the conversation so far. */
export interface TranscriptMessage {
  readonly turnIndex: number;
  readonly role: "user" | "assistant";
  readonly content: TurnInput["message"];
}

/** What an agent gets to answer. */
export interface AgentRun {
  readonly executionId: string;
  readonly identity: TurnIdentity;
  readonly input: TurnInput;
  /** The session's earlier turns: of each the latest attempt that completed. */
  readonly history: readonly TranscriptMessage[];
  /** From 1; counts how often the engine has begun this run. */
  readonly attempt: number;
  /** Fires when the run is stopped, or this worker may not go on with it. */
  readonly signal: AbortSignal;
  readonly tags: Readonly<Record<string, JsonValue>>;
  /** When the run must be over, in milliseconds since the epoch. */
  readonly deadline?: number;
  /** After a suspension: what was decided. */
  readonly resume?: Resume;
  /** What `saveCheckpoint` kept last, in this attempt or an earlier one. */
  readonly checkpoint?: JsonValue;
  /** Keeps a value, and all events yielded so far, beyond a crash. */
  readonly saveCheckpoint: (value: JsonValue) => Promise<void>;
}

/** A run that is stopped, or given up, while no call of its agent is at work on it in this process. */
export interface StoppedRun extends Pick<AgentRun, "executionId" | "identity" | "tags" | "checkpoint"> {
  /** Why, as far as whoever stopped it has said; of one that was given up, what it fails with. */
  readonly reason?: string;
  /** Fires when the engine waits no longer: `hookTimeoutMs` is over, or another worker has the run. */
  readonly signal: AbortSignal;
}

/** An agent with more to say about itself than how it streams. */
export interface AgentObject {
  stream(run: AgentRun): AsyncIterable<TurnEvent>;
  /** The whole answer at once: used when `stream` fails before any content. */
  invoke?(run: AgentRun): Promise<string>;
  /**
   * Stops what earlier calls of `stream` have started elsewhere. A call that is at work hears of a stop by its signal; this
   * is for a run that is cancelled without one, while it waits for an approval or for its turn after that, or after its
   * worker was lost; and for one that fails so: its deadline passes in the queue after an approval, or it is given up after its
   * workers were lost. The engine calls it before it settles such a run, waits `hookTimeoutMs` at most, and settles the run
   * whatever comes of it; a failure is logged.
   *
   * At least once: after a crash it is called again, perhaps for something that has ended by now. Not called for runs that
   * were never begun, and by no engine that does not know the agent.
   */
  cancel?(run: StoppedRun): Promise<void>;
  /** Whether a run that a crash cut off may be begun again. Default `unsafe`: it fails instead. */
  readonly replay?: "safe" | "unsafe";
}

/**
 * What answers. It asks a person by yielding `approval.requested` (several if it likes) and ending; after the decisions
 * it is called again with `resume`.
 */
export type Agent = AgentObject | ((run: AgentRun) => AsyncIterable<TurnEvent>);
