import type { Cursor } from "../event/cursor.ts";
import type { TurnIdentity } from "../event/identity.ts";
import type { JsonValue } from "../event/json.ts";
import type { TurnEvent } from "../event/turn-event.ts";
import type { ApprovalDecision, ExecutionSnapshot, ExecutionState } from "./execution.ts";
import type { TurnInput } from "./turn-input.ts";

/** What {@link Substrate.open} is asked. */
export interface OpenRequest {
  readonly executionId: string;
  readonly identity: TurnIdentity;
  readonly input: TurnInput;
  /** Read on after this event; absent: from the start. */
  readonly after?: Cursor;
  /** Higher goes first. Default 0. Counts only for the open that starts the execution, like what follows. */
  readonly priority?: number;
  /** Handed to the agent. */
  readonly tags?: Readonly<Record<string, JsonValue>>;
  /** How long the execution may take, waiting for a person not counted. */
  readonly deadlineMs?: number;
  /** Ends the attachment, never the execution. */
  readonly signal?: AbortSignal;
}

/** A reader's place at an execution. */
export interface Attachment {
  readonly executionId: string;
  /** Whether this very call started the execution. */
  readonly created: boolean;
  /**
   * The log strictly after the cursor, then what happens live, until the terminal event. Those with an id are the log;
   * those without are for whoever is there. Leaving the loop leaves the execution alone. To be read once.
   */
  readonly events: AsyncIterable<TurnEvent>;
}

/** Which executions {@link Substrate.list} shall give. */
export interface ListFilter {
  readonly sessionId?: string;
  readonly tenantId?: string;
  readonly states?: readonly ExecutionState[];
}

/**
 * A place where executions live, so that they outlive connections. Each method's guarantees are numbered as in the
 * design; `turnwire/substrate/conformance` tests them on any implementation.
 */
export interface Substrate {
  /**
   * **S8** `stored`: the log holds the whole turn with its envelope, and hooks run in the substrate's owner. `none`: the
   * log holds the agent's raw events, and `handleChatTurn` wraps them and runs the hooks.
   */
  readonly envelope: "stored" | "none";

  /**
   * **S1** Attach or start, in one atomic step: any number of concurrent or repeated opens of one `executionId` start
   * one execution and see the same events. The same id with another input, tenant, session or turn index is refused:
   * `execution-conflict`.
   *
   * **S2** Stored events have unique, increasing ids without holes; replay is strictly after the cursor, then live, with
   * neither gap nor repeat where the two meet. **S3** No reader sees a stored event that a crash can take back.
   */
  open(request: OpenRequest): Promise<Attachment>;

  /**
   * Reads an execution that exists (`execution-not-found` otherwise). **S4** A cursor that cannot be served is
   * `cursor-gap` (trimmed) or `cursor-ahead`. **S5** Works after completion too, for as long as the retention says.
   * **S6** Any number of readers; a slow one delays nobody.
   */
  attach(
    executionId: string,
    options?: { readonly after?: Cursor; readonly signal?: AbortSignal },
  ): Promise<Attachment>;

  /** The execution as it is now; undefined when there is none. */
  inspect(executionId: string): Promise<ExecutionSnapshot | undefined>;

  /**
   * **S7** Stops an execution, durably and from any process. Without a live owner the answer is the final state; with
   * one the intent is recorded and the state is `cancelling`. One that has ended, or is settling, stays as it is.
   */
  cancel(executionId: string, options?: { readonly reason?: string }): Promise<ExecutionSnapshot>;

  /** Answers a question that the execution asked. The same answer again changes nothing; another is `approval-decided`. */
  decide(executionId: string, approvalId: string, decision: ApprovalDecision): Promise<ExecutionSnapshot>;

  /** The executions that fit, newest first. */
  list?(filter: ListFilter): Promise<ExecutionSnapshot[]>;
}
