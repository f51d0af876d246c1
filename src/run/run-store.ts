import type { JsonValue } from "../event/json.ts";
import type { TurnEvent } from "../event/turn-event.ts";
import type { ApprovalStatus, ExecutionState } from "../substrate/execution.ts";
import type { TurnInput } from "../substrate/turn-input.ts";

/** What a page of events takes at most, unless its first alone takes more: a log may be larger than the reader's memory. */
export const MAX_PAGE_BYTES: number = 1024 * 1024;

/** What is said of a run when it is opened; never changes. */
export interface NewRun {
  readonly executionId: string;
  readonly tenantId: string;
  readonly sessionId: string;
  readonly userId: string;
  readonly turnIndex: number;
  readonly agent: string;
  readonly priority: number;
  /** Milliseconds since the epoch, as all times here. */
  readonly createdAt: number;
  /** Whether it waits for the session's earlier runs to end. */
  readonly blocked: boolean;
  readonly deadlineAt?: number;
}

/** Where a run stands. */
export interface RunProgress {
  readonly state: ExecutionState;
  /** Whether it must wait for the session's earlier runs. */
  readonly blocked: boolean;
  /** Counts owners: the fencing number of the lease. */
  readonly epoch: number;
  /** Who holds the lease. */
  readonly workerId: string | undefined;
  /**
   * When somebody must look after the run if nobody has before: the end of its lease, of its deadline, of an approval.
   * Undefined when time alone changes nothing.
   */
  readonly wakeAt: number | undefined;
  readonly leaseUntil: number;
  /** How often it was begun, from 1. */
  readonly attempt: number;
  /** How often it was taken over from a lost worker. */
  readonly recoveries: number;
  readonly lastEventId: number;
  /** Events up to this one were trimmed. */
  readonly trimmedThrough: number;
  /** What of the producer's events survives a restart: everything up to this one. */
  readonly keep: number;
  /** Whether readers were told that it waits for a slot. */
  readonly queueAnnounced: boolean;
  readonly deadlineAt: number | undefined;
  /** What was left of the deadline when it began to wait for a person. */
  readonly deadlineLeftMs: number | undefined;
  readonly finishedAt: number | undefined;
}

/** A run's row. `seq` is the store's own: it counts up with every insert. */
export interface RunRecord extends Omit<NewRun, "blocked" | "deadlineAt">, RunProgress {
  readonly seq: number;
}

/** The larger things that are kept with a run, read only when they are wanted. */
export type RunDocumentName =
  "input" | "tags" | "checkpoint" | "resume" | "cancel" | "settlement" | "progress" | "outcome";

/** A question to a person. */
export interface ApprovalRecord {
  readonly approvalId: string;
  readonly executionId: string;
  /** The place among the run's approvals, from 1. */
  readonly index: number;
  readonly toolName: string;
  readonly input: JsonValue;
  readonly reason?: string;
  readonly expiresAt?: number;
  readonly status: ApprovalStatus;
  /** What was decided, to the letter. */
  readonly decision?: { readonly input?: JsonValue; readonly note?: string };
  /** Whether the agent has been called again with its decision. */
  readonly consumed: boolean;
}

/** One turn of a session that completed. */
export interface TranscriptRecord {
  readonly tenantId: string;
  readonly sessionId: string;
  readonly turnIndex: number;
  readonly executionId: string;
  readonly message: TurnInput["message"];
  readonly answer: string;
}

/** Which runs {@link RunTransaction.listRuns} shall give. */
export interface RunFilter {
  readonly tenantId?: string;
  readonly sessionId?: string;
  readonly states?: readonly ExecutionState[];
}

/**
 * What a store does inside one transaction. Plain row work: every rule is the engine's. Reads see the transaction's own
 * writes. All methods are synchronous, as SQLite's are wherever it runs.
 */
export interface RunTransaction {
  getRun(executionId: string): RunRecord | undefined;
  /** Inserts a run in state `queued`, attempt 1, epoch 0, no events. */
  insertRun(run: NewRun): RunRecord;
  /** Writes the given columns. A value of undefined empties the column. */
  updateRun(run: RunRecord, changes: Partial<RunProgress>): void;

  getDocument(run: RunRecord, name: RunDocumentName): JsonValue | undefined;
  putDocument(run: RunRecord, name: RunDocumentName, value: JsonValue): void;

  /** Adds events, given as JSON text without ids, under the ids `firstId`, `firstId + 1`, …. */
  appendEvents(run: RunRecord, firstId: number, events: readonly string[]): void;
  /**
   * Events strictly after `after`, with their ids, oldest first: at least one if there is one, about `limit` at most, and
   * of large ones so many that they take a megabyte together.
   */
  readEvents(run: RunRecord, after: number, limit: number): TurnEvent[];
  /** Deletes the run's events. */
  trimEvents(run: RunRecord): void;

  /**
   * The first run without an owner and not blocked, in state `queued` or `resuming`, whose agent is one of these: highest
   * priority, then lowest seq.
   */
  nextClaimable(agents: readonly string[]): RunRecord | undefined;
  /** All runs that wait for a slot, in the order in which they will be claimed, blocked ones included. */
  waitingRuns(limit: number): RunRecord[];
  /** The session's runs that have not ended, lowest seq first. */
  liveRuns(tenantId: string, sessionId: string): RunRecord[];
  /** The worker's runs in a state. */
  ownedRuns(workerId: string, state: ExecutionState): RunRecord[];
  /** Runs whose `wakeAt` is not later than `now`, earliest first; in state `running` only those whose agent is one of these. */
  dueRuns(now: number, limit: number, agents: readonly string[]): RunRecord[];
  /** The earliest `wakeAt` of all; in state `running` only of those whose agent is one of these. */
  nextWakeAt(agents: readonly string[]): number | undefined;
  /** Newest first. */
  listRuns(filter: RunFilter, limit: number): RunRecord[];
  /** Ended runs that were not trimmed, those that ended longest ago first; the newest `skipNewest` are left out. */
  trimmableRuns(limit: number, skipNewest: number): RunRecord[];

  getApproval(approvalId: string): ApprovalRecord | undefined;
  /** By index. */
  approvals(executionId: string): ApprovalRecord[];
  /** Inserts, or replaces one that has the same execution and index. */
  putApproval(approval: ApprovalRecord): void;

  /** Turns before `turnIndex`: the newest `limit`, oldest first. */
  transcript(tenantId: string, sessionId: string, beforeTurn: number, limit: number): TranscriptRecord[];
  /** Inserts or replaces the turn's row. */
  putTranscript(turn: TranscriptRecord): void;
}

/**
 * Where the run engine keeps its rows.
 *
 * A store promises one thing: `transact` is atomic and durable. When its promise resolves, everything that `body` wrote
 * is kept; when it rejects, nothing is, `body`'s own throw included. Transactions happen one after the other, also
 * those of other processes on the same store. `body` may be called again when a transaction could not be begun.
 */
export interface RunStore {
  transact<T>(body: (tx: RunTransaction) => T): Promise<T>;
  /** Gives back what the store holds. Nothing may be asked of it afterwards. */
  close(): Promise<void>;
}
