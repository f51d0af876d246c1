import { isTerminal, type TurnEvent } from "../../src/index.ts";
import type { ApprovalRecord, RunRecord } from "../../src/run/index.ts";
import type { ExecutionState } from "../../src/substrate/index.ts";
import { checkAgentTold } from "./check-agent-cancel.ts";
import { type CommitCheck, isEndedState } from "./ledger.ts";
import { isLegalMove } from "./legal-moves.ts";

// What must hold of every single commit, whoever makes it and whatever comes after it.

const checkIds: CommitCheck = ({ ledger }, run, { after, events, firstId }) => {
  const { executionId } = run.row;
  if (events.length > 0 && firstId !== run.log.length + 1) {
    ledger.violate("S2", `${executionId} got event ${firstId} after ${run.log.length}`);
  }
  if (after.lastEventId !== run.log.length + events.length) {
    ledger.violate("S2", `${executionId} says lastEventId ${after.lastEventId}, its log has ${run.log.length}`);
  }
};

const checkEnds: CommitCheck = ({ ledger, tx }, run, { before, after, events, documents }) => {
  const { executionId } = run.row;
  if (before === undefined) {
    if (events[0]?.type !== "session.run.started")
      ledger.violate("T1", `${executionId} begins with ${events[0]?.type}`);
  } else if (events.some(({ type }) => type === "session.run.started")) {
    ledger.violate("T1", `${executionId} got a second session.run.started`);
  }
  if (before !== undefined && isEndedState(before.state)) {
    if (events.length > 0 || after.state !== before.state) ledger.violate("T1", `${executionId} goes on after its end`);
    return;
  }
  const at = events.findIndex(isTerminal);
  const ended = isEndedState(after.state);
  if (at !== -1 && at !== events.length - 1) ledger.violate("T1", `${executionId} says more after its terminal event`);
  if ((at !== -1) !== ended)
    ledger.violate("R8", `${executionId} is ${after.state} with ${at === -1 ? "no" : "a"} terminal`);
  if (!ended) return;
  if (events[at]?.type !== `session.run.${after.state}`) {
    ledger.violate("R8", `${executionId} is ${after.state}, its terminal says ${events[at]?.type}`);
  }
  const outcome = documents.get("outcome") as { status?: string; finalText?: string } | undefined;
  if (outcome?.status !== after.state)
    ledger.violate("R8", `${executionId} is ${after.state}, outcome ${outcome?.status}`);
  const kept = tx.transcripts.filter((turn) => turn.executionId === executionId);
  if (
    kept.length !== (after.state === "completed" ? 1 : 0) ||
    kept.some(({ answer }) => answer !== outcome?.finalText)
  ) {
    ledger.violate("R8", `${executionId} is ${after.state} with ${kept.length} transcripts, ${outcome?.finalText}`);
  }
  if (after.workerId !== undefined) ledger.violate("R2", `${executionId} ended and kept its lease`);
};

/** A state moves along the table, and its moves are told in the same commit. */
const checkMoves: CommitCheck = ({ ledger }, run, { before, after, events, documents }) => {
  let state: ExecutionState = before?.state ?? "queued";
  const move = (to: ExecutionState): void => {
    if (!isLegalMove(state, to)) ledger.violate("states", `${run.row.executionId} went from ${state} to ${to}`);
    state = to;
  };
  for (const { type, data } of events) {
    if (type !== "run.state.changed") continue;
    const from = data?.["previousState"];
    // A claim is told by the run going on to run.
    if (state === "queued" && from === "claimed") move("claimed");
    if (from !== state) ledger.violate("states", `${run.row.executionId} was ${state}, its log says ${String(from)}`);
    move(data?.["state"] as ExecutionState);
    if (state === "settling" && !documents.has("settlement")) {
      ledger.violate("R8", `${run.row.executionId} entered settling without what it settles`);
    }
  }
  if (state !== after.state && (after.state === "claimed" || isEndedState(after.state))) move(after.state);
  if (state !== after.state) ledger.violate("states", `${run.row.executionId} is ${after.state}, told as ${state}`);
};

/** Nobody takes a lease that lasts, and only its holder writes as the owner (S9). */
const checkLease: CommitCheck = ({ ledger, worker, now }, run, { before, after, events, documents }) => {
  if (before === undefined) return;
  const { executionId } = before;
  const owner = before.workerId === undefined ? undefined : run.owners.get(before.epoch);
  const isOwner = owner === worker && before.workerId === worker.workerId;
  if (after.epoch !== before.epoch) {
    if (worker.stopping === "stopped")
      ledger.violate("stop", `${worker.name} took ${executionId} after it had stopped`);
    if (after.epoch !== before.epoch + 1) ledger.violate("S9", `${executionId} went to epoch ${after.epoch}`);
    if (before.workerId !== undefined && before.leaseUntil > now) {
      ledger.violate("R4", `${worker.name} took ${executionId} from ${before.workerId}, whose lease lasts`);
    }
  }
  for (const name of ["settlement", "progress", "outcome", "checkpoint"] as const) {
    if (documents.has(name) && !isOwner)
      ledger.violate("S9", `${worker.name} wrote ${name} of ${executionId}, not its own`);
  }
  for (const event of events) {
    const number = callOf(event);
    if (number === undefined) continue;
    const last = run.calls.at(-1);
    if (!isOwner || last?.number !== number || last.worker !== worker) {
      ledger.violate("S9", `${worker.name} wrote call ${number} of ${executionId}; the last is ${last?.number}`);
    }
    if (run.settled) ledger.violate("R5", `${executionId} got an agent's event after settle was entered`);
  }
};

/** What of the log survives a restart (R5), and how often there may be one. */
const checkAttempts: CommitCheck = ({ ledger, worker, now }, run, { before, after, events }) => {
  if (before === undefined) return;
  const { executionId } = before;
  const restarted = events.find(({ type }) => type === "run.restarted");
  if (after.attempt !== before.attempt + (restarted === undefined ? 0 : 1)) {
    ledger.violate("R5", `${executionId} went from attempt ${before.attempt} to ${after.attempt}`);
  }
  if (after.attempt > ledger.maxAttempts + 1) ledger.violate("R5", `${executionId} is at attempt ${after.attempt}`);
  const lastPlace = run.log.findLast(
    ({ type, data }) => type === "run.checkpointed" || data?.["state"] === "waiting_for_approval",
  );
  if (restarted !== undefined && restarted.data?.["keep"] !== (lastPlace?.id ?? "1")) {
    ledger.violate("R5", `${executionId} restarts with keep ${String(restarted.data?.["keep"])}, not ${lastPlace?.id}`);
  }
  const left = before.state === "running" && after.state !== "running" && before.leaseUntil <= now;
  if (left && after.state !== "cancelling" && !worker.knows(before.agent) && before.workerId !== worker.workerId) {
    ledger.violate("R5", `${worker.name} recovers ${executionId}, and does not know its agent`);
  }
  if (restarted !== undefined && before.agent === "unsafe")
    ledger.violate("R5", `${executionId} is unsafe and restarts`);
};

/** Higher priority first, first come first served within one (R1). */
const checkOrder: CommitCheck = ({ ledger, worker, now }, run, { before, after }) => {
  if (before === undefined || !waits(before) || after.workerId === undefined) return;
  if (after.state !== "claimed" && after.state !== "resuming") return;
  if (after.state === "resuming" && before.deadlineAt !== undefined && before.deadlineAt <= now) return;
  if (before.blocked) ledger.violate("R3", `${before.executionId} was claimed while blocked`);
  if (!worker.knows(before.agent)) {
    ledger.violate("R1", `${worker.name} claimed ${before.executionId}, and does not know its agent`);
  }
  for (const { row } of ledger.runs.values()) {
    if (row.executionId === before.executionId || !waits(row) || row.blocked || !worker.knows(row.agent)) continue;
    if (row.priority > before.priority || (row.priority === before.priority && row.seq < before.seq)) {
      ledger.violate("R1", `${before.executionId} was claimed before ${row.executionId}`);
    }
  }
};

/** What a session's policy forbids (R3). */
const checkPolicy: CommitCheck = ({ ledger, tx }, _run, { before, after }) => {
  const { policy } = ledger;
  if (policy === "parallel" || (before !== undefined && before.state === after.state)) return;
  const others = ledger.liveOf(after.sessionId).filter(({ row }) => row.executionId !== after.executionId);
  if (before === undefined) {
    if (policy === "reject" && others.length > 0) {
      ledger.violate("R3", `${after.executionId} was let in beside ${others[0]?.row.executionId}`);
    }
    for (const { row } of policy === "interrupt" ? others : []) {
      const { state } = tx.touched.get(row.executionId)?.after ?? row;
      if (state !== "cancelling" && state !== "settling") {
        ledger.violate("R3", `${after.executionId} was let in and does not interrupt ${row.executionId}, ${state}`);
      }
    }
    return;
  }
  if (after.state !== "claimed" && after.state !== "running") return;
  const earlier = others.find(({ row }) => row.seq < after.seq);
  if (earlier !== undefined) {
    ledger.violate("R3", `${after.executionId} is ${after.state} before ${earlier.row.executionId} has ended`);
  }
};

const FINAL: ReadonlySet<string> = new Set(["approved", "edited", "rejected", "expired"]);

/** An approval is decided once (R7). */
const checkApprovals: CommitCheck = ({ ledger, tx }, run) => {
  const seen = new Map<string, ApprovalRecord>();
  for (const next of tx.approvalsPut) {
    if (next.executionId !== run.row.executionId) continue;
    const old = seen.get(next.approvalId) ?? ledger.approvals.get(next.approvalId);
    seen.set(next.approvalId, next);
    if (old === undefined || !FINAL.has(old.status)) continue;
    if (old.status !== next.status || JSON.stringify(old.decision) !== JSON.stringify(next.decision)) {
      ledger.violate("R7", `${next.approvalId} was ${old.status} and became ${next.status}`);
    }
    if (old.consumed && !next.consumed) ledger.violate("R7", `${next.approvalId} can be used twice`);
  }
};

function waits(row: RunRecord): boolean {
  return row.workerId === undefined && (row.state === "queued" || row.state === "resuming");
}

/** Which call of an agent said it; the terminal event repeats what a failure of the agent's has said. */
function callOf(event: TurnEvent): number | undefined {
  const call = event.data?.["call"];
  return typeof call === "number" && !isTerminal(event) ? call : undefined;
}

export const commitChecks: readonly CommitCheck[] = [
  checkIds,
  checkEnds,
  checkMoves,
  checkLease,
  checkAttempts,
  checkAgentTold,
  checkOrder,
  checkPolicy,
  checkApprovals,
];
