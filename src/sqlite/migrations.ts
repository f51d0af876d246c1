// The states are spelled out in each place: an index serves a query only when both say the same.

/** The runs that have not ended. A column of its own, because the state changes often, and an index on it each time. */
export const LIVE = "live = 1";
/** The runs that wait for a slot. */
export const WAITING = "worker_id IS NULL AND state IN ('queued', 'resuming')";
/** The runs that are being cancelled. */
export const CANCELLING = "state = 'cancelling'";
/** The ended runs whose events have not been trimmed. */
export const TRIMMABLE = "untrimmed = 1 AND live = 0";

/**
 * What brings a database from each version to the next; the first entry makes version 1. Never changed once released:
 * a new version is a new entry.
 *
 * Each index that a statement touches is a row written, which costs time, and on some platforms money. Only a run's
 * insertion touches most of them; none holds a column that changes with a batch of events or with each state, and each
 * partial one holds just the few runs that something is still to be done for.
 */
export const migrations: readonly (readonly string[])[] = [
  [
    `CREATE TABLE turnwire_runs (
      seq INTEGER PRIMARY KEY,
      execution_id TEXT NOT NULL UNIQUE,
      tenant_id TEXT NOT NULL,
      session_id TEXT NOT NULL,
      user_id TEXT NOT NULL,
      turn_index INTEGER NOT NULL,
      agent TEXT NOT NULL,
      priority REAL NOT NULL,
      created_at INTEGER NOT NULL,
      state TEXT NOT NULL,
      blocked INTEGER NOT NULL,
      epoch INTEGER NOT NULL,
      worker_id TEXT,
      wake_at INTEGER,
      lease_until INTEGER NOT NULL,
      attempt INTEGER NOT NULL,
      recoveries INTEGER NOT NULL,
      last_event_id INTEGER NOT NULL,
      trimmed_through INTEGER NOT NULL,
      keep INTEGER NOT NULL,
      queue_announced INTEGER NOT NULL,
      deadline_at INTEGER,
      deadline_left_ms INTEGER,
      finished_at INTEGER,
      live INTEGER NOT NULL,
      untrimmed INTEGER NOT NULL
    )`,
    `CREATE INDEX turnwire_runs_by_session ON turnwire_runs (session_id, tenant_id)`,
    `CREATE INDEX turnwire_runs_live ON turnwire_runs (session_id, tenant_id) WHERE ${LIVE}`,
    `CREATE INDEX turnwire_runs_waiting ON turnwire_runs (blocked, priority DESC) WHERE ${WAITING}`,
    `CREATE INDEX turnwire_runs_owned ON turnwire_runs (worker_id) WHERE worker_id IS NOT NULL`,
    `CREATE INDEX turnwire_runs_cancelling ON turnwire_runs (worker_id) WHERE ${CANCELLING}`,
    `CREATE INDEX turnwire_runs_due ON turnwire_runs (wake_at) WHERE wake_at IS NOT NULL`,
    `CREATE INDEX turnwire_runs_trimmable ON turnwire_runs (finished_at) WHERE ${TRIMMABLE}`,
    // One row per appended batch. The key is the run's seq and the batch's last event id in one number, because a
    // table by rowid appends faster, and packs rows above 1 KB better, than one by two columns.
    `CREATE TABLE turnwire_segments (key INTEGER PRIMARY KEY, events TEXT NOT NULL)`,
    `CREATE TABLE turnwire_documents (
      run_seq INTEGER NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (run_seq, name)
    ) WITHOUT ROWID`,
    `CREATE TABLE turnwire_approvals (
      approval_id TEXT PRIMARY KEY, execution_id TEXT NOT NULL, position INTEGER NOT NULL, record TEXT NOT NULL
    ) WITHOUT ROWID`,
    `CREATE INDEX turnwire_approvals_by_run ON turnwire_approvals (execution_id, position)`,
    `CREATE TABLE turnwire_transcript (
      tenant_id TEXT NOT NULL, session_id TEXT NOT NULL, turn_index INTEGER NOT NULL, record TEXT NOT NULL,
      PRIMARY KEY (tenant_id, session_id, turn_index)
    ) WITHOUT ROWID`,
  ],
];
