import type { NewRun, RunProgress, RunRecord } from "../run/run-store.ts";
import type { SqliteRow, SqliteValue } from "./sqlite-driver.ts";
import { decodeText, encodeText } from "./stored-text.ts";

/** The columns that change. */
export const progressColumns: Readonly<Record<keyof RunProgress, string>> = {
  state: "state",
  blocked: "blocked",
  epoch: "epoch",
  workerId: "worker_id",
  wakeAt: "wake_at",
  leaseUntil: "lease_until",
  attempt: "attempt",
  recoveries: "recoveries",
  lastEventId: "last_event_id",
  trimmedThrough: "trimmed_through",
  keep: "keep",
  queueAnnounced: "queue_announced",
  deadlineAt: "deadline_at",
  deadlineLeftMs: "deadline_left_ms",
  finishedAt: "finished_at",
};

export function isProgressColumn(name: string): name is keyof RunProgress {
  return Object.hasOwn(progressColumns, name);
}

/**
 * The id of a run's last event: that of its last segment. The column holds it only where no segment does, so that a batch
 * of events is one insert, and the run's row is not rewritten for it.
 */
const LAST_EVENT_ID = `max(last_event_id, coalesce((
  SELECT key & 4294967295 FROM turnwire_segments WHERE key > seq << 32 AND key < (seq + 1) << 32
  ORDER BY key DESC LIMIT 1), 0))`;

/** What a query of runs begins with; {@link readRecord} takes its rows. Only what it needs: each column costs time. */
export const SELECT_RUNS: string = `SELECT seq, execution_id, tenant_id, session_id, user_id, turn_index, agent,
  priority, created_at, state, blocked, epoch, worker_id, wake_at, lease_until, attempt, recoveries, trimmed_through,
  keep, queue_announced, deadline_at, deadline_left_ms, finished_at, ${LAST_EVENT_ID} AS last_id FROM turnwire_runs`;

/** Moves the id of the last event from the segments into the column, before the segments are deleted. */
export const SETTLE_LAST_EVENT_ID: string = `UPDATE turnwire_runs SET last_event_id = ${LAST_EVENT_ID}, untrimmed = 0
  WHERE seq = ?`;

export const INSERT_RUN: string = `INSERT INTO turnwire_runs (
  execution_id, tenant_id, session_id, user_id, turn_index, agent, priority, created_at, blocked, deadline_at,
  state, epoch, lease_until, attempt, recoveries, last_event_id, trimmed_through, keep, queue_announced, live, untrimmed
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'queued', 0, 0, 1, 0, 0, 0, 0, 0, 1, 1)`;

/** The values of {@link INSERT_RUN}. */
export function insertValues(run: NewRun): SqliteValue[] {
  return [
    encodeText(run.executionId),
    encodeText(run.tenantId),
    encodeText(run.sessionId),
    encodeText(run.userId),
    run.turnIndex,
    encodeText(run.agent),
    run.priority,
    run.createdAt,
    run.blocked ? 1 : 0,
    toColumn(run.deadlineAt),
  ];
}

export function toColumn(value: RunProgress[keyof RunProgress]): SqliteValue {
  switch (typeof value) {
    case "undefined":
      return null;
    case "boolean":
      return value ? 1 : 0;
    case "string":
      return encodeText(value);
    default:
      // SQLite keeps a whole number above it as well, and no driver reads that back: not the row, nor any list with it.
      return Math.min(value, Number.MAX_SAFE_INTEGER);
  }
}

export function readRecord(row: SqliteRow): RunRecord {
  // Every row comes from this module's own statements; the cast says once what their columns hold.
  const columns = row as unknown as RunRow;
  return {
    seq: columns.seq,
    executionId: decodeText(columns.execution_id),
    tenantId: decodeText(columns.tenant_id),
    sessionId: decodeText(columns.session_id),
    userId: decodeText(columns.user_id),
    turnIndex: columns.turn_index,
    agent: decodeText(columns.agent),
    priority: columns.priority,
    createdAt: columns.created_at,
    state: columns.state,
    blocked: columns.blocked === 1,
    epoch: columns.epoch,
    workerId: columns.worker_id === null ? undefined : decodeText(columns.worker_id),
    wakeAt: columns.wake_at ?? undefined,
    leaseUntil: columns.lease_until,
    attempt: columns.attempt,
    recoveries: columns.recoveries,
    lastEventId: columns.last_id,
    trimmedThrough: columns.trimmed_through,
    keep: columns.keep,
    queueAnnounced: columns.queue_announced === 1,
    deadlineAt: columns.deadline_at ?? undefined,
    deadlineLeftMs: columns.deadline_left_ms ?? undefined,
    finishedAt: columns.finished_at ?? undefined,
  };
}

interface RunRow {
  readonly seq: number;
  readonly execution_id: string;
  readonly tenant_id: string;
  readonly session_id: string;
  readonly user_id: string;
  readonly turn_index: number;
  readonly agent: string;
  readonly priority: number;
  readonly created_at: number;
  readonly state: RunRecord["state"];
  readonly blocked: number;
  readonly epoch: number;
  readonly worker_id: string | null;
  readonly wake_at: number | null;
  readonly lease_until: number;
  readonly attempt: number;
  readonly recoveries: number;
  readonly last_id: number;
  readonly trimmed_through: number;
  readonly keep: number;
  readonly queue_announced: number;
  readonly deadline_at: number | null;
  readonly deadline_left_ms: number | null;
  readonly finished_at: number | null;
}
