import { createTextAccumulator } from "../../src/event/text-accumulator.ts";
import type { TurnEvent } from "../../src/event/turn-event.ts";
import { canonicalJson } from "../../src/internal/canonical-json.ts";
import { createDeferred, type Deferred } from "../../src/internal/deferred.ts";
import type {
  ApprovalDecision,
  ApprovalSnapshot,
  ExecutionSnapshot,
  ExecutionState,
} from "../../src/substrate/execution.ts";
import type { OpenRequest } from "../../src/substrate/substrate.ts";

export interface ReferenceApproval {
  snapshot: ApprovalSnapshot;
  decided?: ApprovalDecision | { readonly decision: "expired" };
  /** Whether the agent has been told. */
  consumed: boolean;
}

/** What the reference substrate keeps of an execution. A crash leaves it as it is. */
export interface ReferenceRow {
  readonly request: OpenRequest;
  readonly key: string;
  readonly seq: number;
  state: ExecutionState;
  attempt: number;
  /** Counts owners: only the latest may write. */
  epoch: number;
  log: TurnEvent[];
  /** How many events were trimmed from the front. */
  trimmed: number;
  readonly approvals: ReferenceApproval[];
  cancelled?: { readonly reason?: string };
  finalText?: string;
  failure?: { readonly message: string };
  /** Fires to stop the agent at work. */
  stop: AbortController;
  /** Resolves with the next change. */
  changed: Deferred<void>;
}

/** What outlives a crash, and what two instances share. */
export interface ReferenceDisk {
  readonly rows: Map<string, ReferenceRow>;
}

export function createRow(request: OpenRequest, seq: number): ReferenceRow {
  return {
    request,
    key: keyOf(request),
    seq,
    state: "queued",
    attempt: 1,
    epoch: 0,
    log: [],
    trimmed: 0,
    approvals: [],
    stop: new AbortController(),
    changed: createDeferred(),
  };
}

/** What must be the same when an id is opened again. */
export function keyOf({ identity, input }: OpenRequest): string {
  const { tenantId, sessionId, turnIndex } = identity;
  return canonicalJson({ tenantId, sessionId, turnIndex, input });
}

export function wake(row: ReferenceRow): void {
  row.changed.resolve();
  row.changed = createDeferred();
}

/** The id of the last event, as a number. */
export function lastId(row: ReferenceRow): number {
  return Number(row.log.at(-1)?.id ?? row.trimmed);
}

/** The answer so far: what the latest attempt said. */
export function answerOf({ log }: ReferenceRow): string {
  const answer = createTextAccumulator();
  const begin = log.findLastIndex(({ type }) => type === "run.restarted");
  for (const event of log.slice(begin + 1)) answer.add(event);
  return answer.text();
}

export function snapshotOf(row: ReferenceRow): ExecutionSnapshot {
  const { executionId, identity } = row.request;
  const last = lastId(row);
  return {
    executionId,
    sessionId: identity.sessionId,
    tenantId: identity.tenantId,
    state: row.state,
    attempt: row.attempt,
    ...(last === 0 ? {} : { lastEventId: String(last) }),
    ...(row.finalText === undefined ? {} : { finalText: row.finalText }),
    ...(row.failure === undefined ? {} : { failure: row.failure }),
    approvals: row.approvals.map(({ snapshot }) => snapshot),
  };
}
