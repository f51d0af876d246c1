import type { JsonValue, TurnEvent } from "../../src/index.ts";
import type {
  ApprovalRecord,
  NewRun,
  RunDocumentName,
  RunFilter,
  RunProgress,
  RunRecord,
  RunTransaction,
  TranscriptRecord,
} from "../../src/run/index.ts";
import type { ExecutionState } from "../../src/substrate/index.ts";

/** What one transaction did to one run. */
export interface Touched {
  readonly before: RunRecord | undefined;
  after: RunRecord;
  firstId: number;
  readonly events: TurnEvent[];
  readonly documents: Map<RunDocumentName, JsonValue>;
}

/** Passes everything on to the store's transaction, and notes what is written. */
export class RecordedTransaction implements RunTransaction {
  readonly touched: Map<string, Touched> = new Map<string, Touched>();
  readonly approvalsPut: ApprovalRecord[] = [];
  readonly transcripts: TranscriptRecord[] = [];
  readonly #tx: RunTransaction;

  constructor(tx: RunTransaction) {
    this.#tx = tx;
  }

  insertRun(run: NewRun): RunRecord {
    const after = this.#tx.insertRun(run);
    this.touched.set(run.executionId, { before: undefined, after, firstId: 0, events: [], documents: new Map() });
    return after;
  }

  updateRun(run: RunRecord, changes: Partial<RunProgress>): void {
    const touched = this.#touch(run);
    this.#tx.updateRun(run, changes);
    touched.after = { ...touched.after, ...changes };
  }

  putDocument(run: RunRecord, name: RunDocumentName, value: JsonValue): void {
    this.#touch(run).documents.set(name, JSON.parse(JSON.stringify(value)) as JsonValue);
    this.#tx.putDocument(run, name, value);
  }

  appendEvents(run: RunRecord, firstId: number, events: readonly string[]): void {
    const touched = this.#touch(run);
    if (touched.events.length === 0) touched.firstId = firstId;
    for (const json of events) touched.events.push(JSON.parse(json) as TurnEvent);
    this.#tx.appendEvents(run, firstId, events);
  }

  trimEvents(run: RunRecord): void {
    this.#touch(run);
    this.#tx.trimEvents(run);
  }

  putApproval(approval: ApprovalRecord): void {
    this.approvalsPut.push({ ...approval });
    this.#tx.putApproval(approval);
  }

  putTranscript(turn: TranscriptRecord): void {
    this.transcripts.push(turn);
    this.#tx.putTranscript(turn);
  }

  getRun(executionId: string): RunRecord | undefined {
    return this.#tx.getRun(executionId);
  }
  getDocument(run: RunRecord, name: RunDocumentName): JsonValue | undefined {
    return this.#tx.getDocument(run, name);
  }
  readEvents(run: RunRecord, after: number, limit: number): TurnEvent[] {
    return this.#tx.readEvents(run, after, limit);
  }
  nextClaimable(agents: readonly string[]): RunRecord | undefined {
    return this.#tx.nextClaimable(agents);
  }
  waitingRuns(limit: number): RunRecord[] {
    return this.#tx.waitingRuns(limit);
  }
  liveRuns(tenantId: string, sessionId: string): RunRecord[] {
    return this.#tx.liveRuns(tenantId, sessionId);
  }
  ownedRuns(workerId: string, state: ExecutionState): RunRecord[] {
    return this.#tx.ownedRuns(workerId, state);
  }
  dueRuns(now: number, limit: number, agents: readonly string[]): RunRecord[] {
    return this.#tx.dueRuns(now, limit, agents);
  }
  nextWakeAt(agents: readonly string[]): number | undefined {
    return this.#tx.nextWakeAt(agents);
  }
  listRuns(filter: RunFilter, limit: number): RunRecord[] {
    return this.#tx.listRuns(filter, limit);
  }
  trimmableRuns(limit: number, skipNewest: number): RunRecord[] {
    return this.#tx.trimmableRuns(limit, skipNewest);
  }
  getApproval(approvalId: string): ApprovalRecord | undefined {
    return this.#tx.getApproval(approvalId);
  }
  approvals(executionId: string): ApprovalRecord[] {
    return this.#tx.approvals(executionId);
  }
  transcript(tenantId: string, sessionId: string, beforeTurn: number, limit: number): TranscriptRecord[] {
    return this.#tx.transcript(tenantId, sessionId, beforeTurn, limit);
  }

  #touch(run: RunRecord): Touched {
    let touched = this.touched.get(run.executionId);
    if (touched === undefined) {
      const before = this.#tx.getRun(run.executionId) ?? run;
      touched = { before, after: before, firstId: 0, events: [], documents: new Map() };
      this.touched.set(run.executionId, touched);
    }
    return touched;
  }
}
