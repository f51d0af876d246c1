import type { JsonValue } from "../event/json.ts";
import type { TurnEvent } from "../event/turn-event.ts";
import { liveKey, type MemoryRun, MemoryRuns, ownedKey } from "./memory-runs.ts";
import { newRecord } from "./new-record.ts";
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
} from "./run-store.ts";
import type { ExecutionState } from "../substrate/execution.ts";

/**
 * The rows of a memory store, and what takes a transaction back.
 *
 * Every write leaves a step that undoes it; {@link undo} takes the steps in reverse order, {@link keep} forgets them.
 * Values go in and out as JSON text or as copies, so nothing that a caller holds is part of the store.
 */
export class MemoryTransaction implements RunTransaction {
  readonly #runs = new MemoryRuns();
  /** JSON text by approval id. */
  readonly #approvals = new Map<string, string>();
  /** Approval ids by execution id. */
  readonly #asked = new Map<string, string[]>();
  /** JSON text by turn index, by session. */
  readonly #transcripts = new Map<string, Map<number, string>>();
  readonly #undo: (() => void)[] = [];
  #lastSeq = 0;

  keep(): void {
    this.#undo.length = 0;
  }

  undo(): void {
    for (let step = this.#undo.pop(); step !== undefined; step = this.#undo.pop()) step();
  }

  getRun(executionId: string): RunRecord | undefined {
    const run = this.#runs.get(executionId);
    return run === undefined ? undefined : { ...run.record };
  }

  insertRun(given: NewRun): RunRecord {
    if (this.#runs.get(given.executionId) !== undefined) throw new Error(`Run ${given.executionId} exists already`);
    const record = newRecord(++this.#lastSeq, given);
    const run: MemoryRun = {
      record,
      events: [],
      firstEventId: 1,
      trimmed: false,
      documents: new Map(),
      places: new Map(),
    };
    this.#runs.add(run);
    this.#undo.push(() => {
      this.#runs.delete(run);
      this.#lastSeq--;
    });
    return { ...record };
  }

  updateRun({ executionId }: RunRecord, changes: Partial<RunProgress>): void {
    const run = this.#known(executionId);
    const old = run.record;
    const set = (record: RunRecord): void => {
      run.record = record;
      this.#runs.refresh(run);
    };
    set({ ...old, ...changes });
    this.#undo.push(() => set(old));
  }

  getDocument({ executionId }: RunRecord, name: RunDocumentName): JsonValue | undefined {
    const json = this.#known(executionId).documents.get(name);
    return json === undefined ? undefined : (JSON.parse(json) as JsonValue);
  }

  putDocument({ executionId }: RunRecord, name: RunDocumentName, value: JsonValue): void {
    this.#put(this.#known(executionId).documents, name, JSON.stringify(value));
  }

  appendEvents({ executionId }: RunRecord, firstId: number, events: readonly string[]): void {
    if (events.length === 0) return;
    const run = this.#known(executionId);
    const { firstEventId, trimmed } = run;
    const count = run.events.length;
    if (count === 0) run.firstEventId = firstId;
    if (firstId !== run.firstEventId + count) {
      throw new Error(`Run ${executionId} cannot get event ${firstId} now: the next is ${run.firstEventId + count}`);
    }
    for (const json of events) run.events.push(json);
    run.trimmed = false;
    if (trimmed) this.#runs.refresh(run);
    this.#undo.push(() => {
      run.events.length = count;
      run.firstEventId = firstEventId;
      run.trimmed = trimmed;
      if (trimmed) this.#runs.refresh(run);
    });
  }

  readEvents({ executionId }: RunRecord, after: number, limit: number): TurnEvent[] {
    const { events, firstEventId } = this.#known(executionId);
    const start = Math.max(after + 1 - firstEventId, 0);
    const page: TurnEvent[] = [];
    let length = 0;
    for (const [index, json] of events.slice(start, start + Math.max(limit, 1)).entries()) {
      length += json.length;
      if (index > 0 && length > MAX_PAGE_BYTES) break;
      page.push({ ...(JSON.parse(json) as TurnEvent), id: String(firstEventId + start + index) });
    }
    return page;
  }

  trimEvents({ executionId }: RunRecord): void {
    const run = this.#known(executionId);
    const { events: old, trimmed: wasTrimmed } = run;
    const set = (events: string[], trimmed: boolean): void => {
      run.events = events;
      run.trimmed = trimmed;
      this.#runs.refresh(run);
    };
    set([], true);
    this.#undo.push(() => set(old, wasTrimmed));
  }

  nextClaimable(agents: readonly string[]): RunRecord | undefined {
    const next = this.#runs.claimable.bucket().find(({ run }) => agents.includes(run.record.agent));
    return next === undefined ? undefined : { ...next.run.record };
  }

  waitingRuns(limit: number): RunRecord[] {
    const both = [...records(this.#runs.claimable.bucket(), limit), ...records(this.#runs.blocked.bucket(), limit)];
    return both.sort((one, other) => other.priority - one.priority || one.seq - other.seq).slice(0, limit);
  }

  liveRuns(tenantId: string, sessionId: string): RunRecord[] {
    return records(this.#runs.live.bucket(liveKey(tenantId, sessionId)));
  }

  ownedRuns(workerId: string, state: ExecutionState): RunRecord[] {
    return records(this.#runs.owned.bucket(ownedKey(workerId, state)));
  }

  dueRuns(now: number, limit: number, agents: readonly string[]): RunRecord[] {
    const due: RunRecord[] = [];
    for (const { rank, run } of this.#runs.due.bucket()) {
      if (rank > now || due.length >= limit) break;
      if (mayMove(run.record, agents)) due.push({ ...run.record });
    }
    return due;
  }

  nextWakeAt(agents: readonly string[]): number | undefined {
    return this.#runs.due.bucket().find(({ run }) => mayMove(run.record, agents))?.rank;
  }

  listRuns({ tenantId, sessionId, states }: RunFilter, limit: number): RunRecord[] {
    const found: RunRecord[] = [];
    const from = sessionId === undefined ? this.#runs.all.bucket() : this.#runs.ofSession.bucket(sessionId);
    for (let at = from.length - 1; at >= 0 && found.length < limit; at--) {
      const record = from[at]?.run.record;
      if (record === undefined || (tenantId !== undefined && record.tenantId !== tenantId)) continue;
      if (states === undefined || states.includes(record.state)) found.push({ ...record });
    }
    return found;
  }

  trimmableRuns(limit: number, skipNewest: number): RunRecord[] {
    const trimmable = this.#runs.trimmable.bucket();
    return records(trimmable, Math.min(limit, Math.max(trimmable.length - skipNewest, 0)));
  }

  getApproval(approvalId: string): ApprovalRecord | undefined {
    const json = this.#approvals.get(approvalId);
    return json === undefined ? undefined : (JSON.parse(json) as ApprovalRecord);
  }

  approvals(executionId: string): ApprovalRecord[] {
    return (this.#asked.get(executionId) ?? [])
      .flatMap((approvalId) => this.getApproval(approvalId) ?? [])
      .sort((one, other) => one.index - other.index);
  }

  putApproval(approval: ApprovalRecord): void {
    const { approvalId, executionId } = approval;
    if (!this.#approvals.has(approvalId)) {
      const old = this.#asked.get(executionId) ?? [];
      this.#put(this.#asked, executionId, [...old, approvalId]);
    }
    this.#put(this.#approvals, approvalId, JSON.stringify(approval));
  }

  transcript(tenantId: string, sessionId: string, beforeTurn: number, limit: number): TranscriptRecord[] {
    const turns = this.#transcripts.get(liveKey(tenantId, sessionId)) ?? new Map<number, string>();
    const earlier = [...turns.keys()].filter((turn) => turn < beforeTurn).sort((one, other) => one - other);
    return earlier
      .slice(Math.max(earlier.length - limit, 0))
      .map((turn) => JSON.parse(turns.get(turn) ?? "") as TranscriptRecord);
  }

  putTranscript(turn: TranscriptRecord): void {
    const key = liveKey(turn.tenantId, turn.sessionId);
    let turns = this.#transcripts.get(key);
    if (turns === undefined) this.#put(this.#transcripts, key, (turns = new Map()));
    this.#put(turns, turn.turnIndex, JSON.stringify(turn));
  }

  #known(executionId: string): MemoryRun {
    const run = this.#runs.get(executionId);
    if (run === undefined) throw new Error(`There is no run ${executionId}`);
    return run;
  }

  #put<K, V>(map: Map<K, V>, key: K, value: V): void {
    const old = map.get(key);
    map.set(key, value);
    this.#undo.push(() => (old === undefined ? map.delete(key) : map.set(key, old)));
  }
}

/** Whether time alone may move the run in the hands of one who knows these agents. */
function mayMove({ state, agent }: RunRecord, agents: readonly string[]): boolean {
  return state !== "running" || agents.includes(agent);
}

function records(places: readonly { readonly run: MemoryRun }[], limit = Infinity): RunRecord[] {
  return places.slice(0, limit).map(({ run }) => ({ ...run.record }));
}
