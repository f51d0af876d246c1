import type { JsonValue } from "../event/json.ts";
import type { TurnEvent } from "../event/turn-event.ts";
import {
  type ApprovalRecord,
  MAX_PAGE_BYTES,
  type NewRun,
  type RunDocumentName,
  type RunFilter,
  type RunProgress,
  type RunRecord,
  type RunTransaction,
  type TranscriptRecord,
} from "../run/run-store.ts";
import { type ExecutionState, isEnded } from "../substrate/execution.ts";
import {
  INSERT_RUN,
  insertValues,
  isProgressColumn,
  progressColumns,
  readRecord,
  SETTLE_LAST_EVENT_ID,
  toColumn,
} from "./run-columns.ts";
import * as queries from "./run-queries.ts";
import { readSegment, splitIntoSegments } from "./segments.ts";
import type { SqlSession } from "./sql-session.ts";
import type { SqliteRow, SqliteValue } from "./sqlite-driver.ts";
import { parseStored } from "./stored-json.ts";
import { encodeText } from "./stored-text.ts";

const APPEND = "INSERT INTO turnwire_segments (key, events) VALUES (?1 << 32 | ?2, ?3)";
const BETWEEN = "FROM turnwire_segments WHERE key > (?1 << 32 | ?2) AND key <= (?1 << 32 | ?3)";
const READ_BETWEEN = `SELECT key & 4294967295 AS last_id, events ${BETWEEN} ORDER BY key`;
// Sizes are read off the rows' headers: what they hold is not touched.
const SIZE_BETWEEN = `SELECT sum(octet_length(events)) AS size ${BETWEEN}`;
const SIZES_BETWEEN = `SELECT key & 4294967295 AS last_id, octet_length(events) AS size ${BETWEEN} ORDER BY key`;
const READ_NEXT = `SELECT key & 4294967295 AS last_id, events FROM turnwire_segments
  WHERE key > (?1 << 32 | ?2) AND key < (?1 + 1) << 32 ORDER BY key LIMIT 1`;
const MAX_EVENT_ID = 2 ** 32 - 1;

/** {@link RunTransaction} in SQL. One object serves all transactions, one after the other. */
export class SqlTransaction implements RunTransaction {
  readonly #sql: SqlSession;
  /** The run that this transaction appended to last, and its last event. */
  #appendedSeq = 0;
  #appendedId = 0;

  constructor(sql: SqlSession) {
    this.#sql = sql;
  }

  /** To be called before each transaction. */
  begin(): void {
    this.#appendedSeq = 0;
  }

  getRun(executionId: string): RunRecord | undefined {
    return optionalRecord(this.#sql.get(queries.GET_RUN, [encodeText(executionId)]));
  }

  insertRun(run: NewRun): RunRecord {
    this.#sql.run(INSERT_RUN, insertValues(run));
    const inserted = this.getRun(run.executionId);
    if (inserted === undefined) throw new Error(`Run ${run.executionId} was not inserted`);
    return inserted;
  }

  updateRun(run: RunRecord, changes: Partial<RunProgress>): void {
    let assignments = "";
    const values: SqliteValue[] = [];
    for (const name of Object.keys(changes)) {
      if (!isProgressColumn(name)) throw new Error(`A run has no column ${name}`);
      // What the appended segment says already.
      if (name === "lastEventId" && run.seq === this.#appendedSeq && changes.lastEventId === this.#appendedId) continue;
      assignments += `${assignments === "" ? "" : ", "}${progressColumns[name]} = ?`;
      values.push(toColumn(changes[name]));
    }
    if (changes.state !== undefined && isEnded(changes.state) !== isEnded(run.state)) {
      assignments += `, live = ${isEnded(changes.state) ? 0 : 1}`;
    }
    if (values.length === 0) return;
    values.push(run.seq);
    const changed = this.#sql.run(`UPDATE turnwire_runs SET ${assignments} WHERE seq = ?`, values);
    if (changed === 0) throw new Error(`There is no run ${run.executionId}`);
  }

  getDocument(run: RunRecord, name: RunDocumentName): JsonValue | undefined {
    const row = this.#sql.get("SELECT value FROM turnwire_documents WHERE run_seq = ? AND name = ?", [run.seq, name]);
    return row === undefined ? undefined : parseStored<JsonValue>(row["value"]);
  }

  putDocument(run: RunRecord, name: RunDocumentName, value: JsonValue): void {
    const sql = "INSERT OR REPLACE INTO turnwire_documents (run_seq, name, value) VALUES (?, ?, ?)";
    this.#sql.run(sql, [run.seq, name, JSON.stringify(value)]);
  }

  appendEvents(run: RunRecord, firstId: number, events: readonly string[]): void {
    if (events.length === 0) return;
    const lastId = firstId + events.length - 1;
    if (lastId > MAX_EVENT_ID) throw new RangeError(`Run ${run.executionId} has too many events`);
    splitIntoSegments(firstId, events, (id, json) => this.#sql.run(APPEND, [run.seq, id, json]));
    this.#appendedSeq = run.seq;
    this.#appendedId = lastId;
    if (run.trimmedThrough > 0) this.#sql.run("UPDATE turnwire_runs SET untrimmed = 1 WHERE seq = ?", [run.seq]);
  }

  readEvents(run: RunRecord, after: number, limit: number): TurnEvent[] {
    // Segments that end within the page hold no more events than it. A first one that is longer is a page by itself.
    const until = Math.min(after + Math.max(limit, 1), MAX_EVENT_ID);
    let rows = this.#sql.all(READ_BETWEEN, [run.seq, after, this.#endOfPage(run, after, until)]);
    if (rows.length === 0) rows = this.#sql.all(READ_NEXT, [run.seq, after]);
    const found: TurnEvent[] = [];
    for (const row of rows) readSegment(row["events"], Number(row["last_id"]), after, found);
    return found;
  }

  /** The last event id up to which segments make a page that is not too large; they are seldom so large. */
  #endOfPage({ seq }: RunRecord, after: number, until: number): number {
    if (Number(this.#sql.get(SIZE_BETWEEN, [seq, after, until])?.["size"]) <= MAX_PAGE_BYTES) return until;
    let end = after;
    let left = MAX_PAGE_BYTES;
    for (const { last_id: id, size } of this.#sql.all(SIZES_BETWEEN, [seq, after, until])) {
      left -= Number(size);
      if (left < 0 && end > after) break;
      end = Number(id);
    }
    return end;
  }

  trimEvents(run: RunRecord): void {
    this.#sql.run(SETTLE_LAST_EVENT_ID, [run.seq]);
    this.#sql.run("DELETE FROM turnwire_segments WHERE key > ?1 << 32 AND key < (?1 + 1) << 32", [run.seq]);
  }

  nextClaimable(agents: readonly string[]): RunRecord | undefined {
    return optionalRecord(this.#sql.get(queries.NEXT_CLAIMABLE, [asList(agents)]));
  }

  waitingRuns(limit: number): RunRecord[] {
    return this.#records(queries.WAITING_RUNS, [asLimit(limit)]);
  }

  liveRuns(tenantId: string, sessionId: string): RunRecord[] {
    return this.#records(queries.LIVE_RUNS, [encodeText(sessionId), encodeText(tenantId)]);
  }

  ownedRuns(workerId: string, state: ExecutionState): RunRecord[] {
    const worker = encodeText(workerId);
    return state === "cancelling"
      ? this.#records(queries.CANCELLING_RUNS, [worker])
      : this.#records(queries.OWNED_RUNS, [worker, state]);
  }

  dueRuns(now: number, limit: number, agents: readonly string[]): RunRecord[] {
    return this.#records(queries.DUE_RUNS, [now, asList(agents), asLimit(limit)]);
  }

  nextWakeAt(agents: readonly string[]): number | undefined {
    const row = this.#sql.get(queries.NEXT_WAKE_AT, [asList(agents)]);
    return row === undefined ? undefined : Number(row["wake_at"]);
  }

  listRuns(filter: RunFilter, limit: number): RunRecord[] {
    const { sql, values } = queries.listRuns(filter, asLimit(limit));
    return this.#records(sql, values);
  }

  trimmableRuns(limit: number, skipNewest: number): RunRecord[] {
    // Counting takes as long as there are runs.
    const count = skipNewest === 0 ? limit : Number(this.#sql.get(queries.COUNT_TRIMMABLE, [])?.["count"]);
    const wanted = Math.min(limit, count - skipNewest);
    return wanted <= 0 ? [] : this.#records(queries.TRIMMABLE_RUNS, [asLimit(wanted)]);
  }

  getApproval(approvalId: string): ApprovalRecord | undefined {
    const sql = "SELECT record FROM turnwire_approvals WHERE approval_id = ?";
    const row = this.#sql.get(sql, [encodeText(approvalId)]);
    return row === undefined ? undefined : parseStored<ApprovalRecord>(row["record"]);
  }

  approvals(executionId: string): ApprovalRecord[] {
    const sql = "SELECT record FROM turnwire_approvals WHERE execution_id = ? ORDER BY position";
    return this.#sql.all(sql, [encodeText(executionId)]).map((row) => parseStored<ApprovalRecord>(row["record"]));
  }

  putApproval(approval: ApprovalRecord): void {
    const { approvalId, executionId, index } = approval;
    // Not replaced as a whole: what never changes keeps its place in the index.
    const sql = `INSERT INTO turnwire_approvals (approval_id, execution_id, position, record) VALUES (?, ?, ?, ?)
      ON CONFLICT (approval_id) DO UPDATE SET record = excluded.record`;
    this.#sql.run(sql, [encodeText(approvalId), encodeText(executionId), index, JSON.stringify(approval)]);
  }

  transcript(tenantId: string, sessionId: string, beforeTurn: number, limit: number): TranscriptRecord[] {
    const sql = `SELECT record FROM turnwire_transcript WHERE tenant_id = ? AND session_id = ? AND turn_index < ?
      ORDER BY turn_index DESC LIMIT ?`;
    return this.#sql
      .all(sql, [encodeText(tenantId), encodeText(sessionId), beforeTurn, asLimit(limit)])
      .map((row) => parseStored<TranscriptRecord>(row["record"]))
      .reverse();
  }

  putTranscript(turn: TranscriptRecord): void {
    const sql = `INSERT OR REPLACE INTO turnwire_transcript (tenant_id, session_id, turn_index, record)
      VALUES (?, ?, ?, ?)`;
    const values = [encodeText(turn.tenantId), encodeText(turn.sessionId), turn.turnIndex, JSON.stringify(turn)];
    this.#sql.run(sql, values);
  }

  #records(sql: string, values: readonly SqliteValue[]): RunRecord[] {
    return this.#sql.all(sql, values).map(readRecord);
  }
}

function optionalRecord(row: SqliteRow | undefined): RunRecord | undefined {
  return row === undefined ? undefined : readRecord(row);
}

/** Names as JSON, in the form in which they are stored. */
function asList(names: readonly string[]): string {
  return JSON.stringify(names.map(encodeText));
}

/** SQLite takes whole numbers only, and a negative limit for none. */
function asLimit(limit: number): number {
  return Math.min(Math.max(Math.floor(limit), 0), 2 ** 31);
}
