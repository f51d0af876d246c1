import { isTerminal, type JsonValue, type TurnEvent } from "../../src/index.ts";
import type {
  ApprovalRecord,
  RunDocumentName,
  RunRecord,
  SessionPolicy,
  TranscriptRecord,
} from "../../src/run/index.ts";
import type { RecordedTransaction, Touched } from "./recorded-transaction.ts";
import type { SimWorker } from "./sim-worker.ts";

/** Tells of a broken guarantee. It never throws: much of what is checked happens inside the engine's own calls. */
export type Violate = (invariant: string, message: string) => void;

/** One call of an agent. */
export interface AgentCall {
  readonly number: number;
  readonly worker: SimWorker;
  readonly executionId: string;
  readonly key: string;
  readonly epoch: number;
  readonly signal: AbortSignal;
  over: boolean;
}

/** Everything that was ever committed about one run; nothing is trimmed here. */
export interface LedgerRun {
  row: RunRecord;
  readonly log: TurnEvent[];
  /** The JSON of each event of the log, as readers must get it. */
  readonly json: string[];
  readonly documents: Map<RunDocumentName, JsonValue>;
  /** Which worker took which epoch. */
  readonly owners: Map<number, SimWorker>;
  readonly calls: AgentCall[];
  /** The epochs whose owners have told the agent of a stop. */
  readonly toldOfStop: Set<number>;
  /** Ids of the events that `onEvent` was told. */
  readonly told: Set<string>;
  suspensions: number;
  wasCancelling: boolean;
  /** Who has recorded a stop while nobody held the run, and the epoch then. */
  cancelledIdle: { readonly worker: SimWorker; readonly epoch: number } | undefined;
  settled: boolean;
  persistFailed: boolean;
}

/** What the checks of a commit look at. */
export interface Commit {
  readonly ledger: Ledger;
  readonly worker: SimWorker;
  readonly now: number;
  readonly tx: RecordedTransaction;
}

export type CommitCheck = (commit: Commit, run: LedgerRun, touched: Touched) => void;

/**
 * What the store has been told, kept beside it and never trimmed: the measure of what readers, hooks and agents see.
 * The checks look at each commit before it is entered here.
 */
export class Ledger {
  readonly runs: Map<string, LedgerRun> = new Map<string, LedgerRun>();
  readonly approvals: Map<string, ApprovalRecord> = new Map<string, ApprovalRecord>();
  readonly transcripts: TranscriptRecord[] = [];
  readonly violate: Violate;
  readonly policy: SessionPolicy;
  readonly maxAttempts: number;
  readonly #checks: readonly CommitCheck[];
  /** Set when somebody wants to read along. */
  trace: ((line: string) => void) | undefined;

  constructor(
    rules: { readonly policy: SessionPolicy; readonly maxAttempts: number },
    violate: Violate,
    checks: readonly CommitCheck[],
  ) {
    this.policy = rules.policy;
    this.maxAttempts = rules.maxAttempts;
    this.violate = violate;
    this.#checks = checks;
  }

  commit(worker: SimWorker, now: number, tx: RecordedTransaction): void {
    if (worker.crashed) this.violate("harness", `${worker.name} wrote after its crash`);
    const commit = { ledger: this, worker, now, tx };
    for (const [executionId, touched] of tx.touched) {
      let run = this.runs.get(executionId);
      if (run === undefined) this.runs.set(executionId, (run = newLedgerRun(touched.after)));
      for (const check of this.#checks) check(commit, run, touched);
    }
    for (const [executionId, touched] of tx.touched) {
      const run = this.runs.get(executionId);
      if (run !== undefined) this.#enter(worker, now, run, touched);
    }
    for (const approval of tx.approvalsPut) this.approvals.set(approval.approvalId, approval);
    this.transcripts.push(...tx.transcripts);
  }

  get(executionId: string): LedgerRun | undefined {
    return this.runs.get(executionId);
  }

  liveOf(sessionId: string): LedgerRun[] {
    return [...this.runs.values()].filter(({ row }) => row.sessionId === sessionId && !isEndedState(row.state));
  }

  #enter(worker: SimWorker, now: number, run: LedgerRun, { before, after, events, documents }: Touched): void {
    if (before !== undefined && before.state !== "cancelling" && after.state === "cancelling") {
      const idle = before.workerId === undefined || before.leaseUntil <= now;
      if (idle) run.cancelledIdle = { worker, epoch: before.epoch };
    }
    run.row = after;
    for (const event of events) {
      run.json.push(JSON.stringify(event));
      run.log.push({ ...event, id: String(run.log.length + 1) });
      if (event.type !== "run.state.changed") continue;
      const state = event.data?.["state"];
      if (state === "waiting_for_approval") run.suspensions++;
      if (state === "cancelling") run.wasCancelling = true;
      if (state === "settling") run.settled = true;
    }
    for (const [name, value] of documents) run.documents.set(name, value);
    if (before === undefined || before.epoch !== after.epoch) run.owners.set(after.epoch, worker);
    this.trace?.(`    ${worker.name} wrote ${describeTouched(before, after, events, documents)}`);
  }
}

function newLedgerRun(row: RunRecord): LedgerRun {
  return {
    row,
    log: [],
    json: [],
    documents: new Map(),
    owners: new Map(),
    calls: [],
    toldOfStop: new Set(),
    told: new Set(),
    suspensions: 0,
    wasCancelling: false,
    cancelledIdle: undefined,
    settled: false,
    persistFailed: false,
  };
}

export function isEndedState(state: RunRecord["state"]): boolean {
  return state === "completed" || state === "failed" || state === "cancelled";
}

/** The last event of a log, when it is the end. */
export function terminalOf(log: readonly TurnEvent[]): TurnEvent | undefined {
  const last = log.at(-1);
  return last !== undefined && isTerminal(last) ? last : undefined;
}

function describeTouched(
  before: RunRecord | undefined,
  after: RunRecord,
  events: readonly TurnEvent[],
  documents: ReadonlyMap<string, JsonValue>,
): string {
  const changed = Object.entries(after).filter(
    ([key, value]) => before === undefined || before[key as keyof RunRecord] !== value,
  );
  const columns = before === undefined ? [] : changed.map(([key, value]) => `${key}=${String(value)}`);
  const said = events.map(({ type, data }) => `${type}${data === undefined ? "" : JSON.stringify(data)}`);
  return [after.executionId, ...columns, ...[...documents.keys()].map((name) => `+${name}`), ...said].join(" ");
}
