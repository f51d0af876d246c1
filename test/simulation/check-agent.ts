import type { TurnEvent } from "../../src/index.ts";
import type { AgentRun } from "../../src/run/index.ts";
import { canonical } from "./canonical.ts";
import type { AgentCall } from "./ledger.ts";
import type { SimWorker } from "./sim-worker.ts";

/** Notes that an agent is called, and checks that it may be, with what it gets. */
export function checkBegin(worker: SimWorker, run: AgentRun): AgentCall {
  const { ledger, clock } = worker.shared;
  const { executionId } = run;
  const known = ledger.get(executionId);
  const key = `${run.attempt}/${known?.suspensions ?? 0}`;
  const number = known?.calls.length ?? 0;
  const epoch = known?.row.epoch ?? 0;
  const call: AgentCall = { number, worker, executionId, key, epoch, signal: run.signal, over: false };
  worker.calls.add(call);
  ledger.trace?.(`    ${worker.name} calls the agent of ${executionId}: call ${number}, attempt/suspensions ${key}`);
  if (worker.stopping === "stopped") ledger.violate("stop", `${worker.name} calls an agent after it has stopped`);
  if (known === undefined) {
    ledger.violate("S1", `${executionId} is run and was never stored`);
    return call;
  }
  const { row, documents } = known;
  if (known.settled) ledger.violate("R5", `${worker.name} calls the agent of ${executionId} after settle was entered`);
  if (known.calls.some((earlier) => earlier.key === key)) {
    ledger.violate("S1", `${worker.name} calls the agent of ${executionId} twice for attempt/suspensions ${key}`);
  }
  if (row.attempt !== run.attempt || known.owners.get(row.epoch) !== worker || row.workerId !== worker.workerId) {
    ledger.violate("S9", `${worker.name} calls the agent of ${executionId}, which ${row.workerId} has by now`);
  }
  if (row.leaseUntil <= clock.now)
    ledger.violate("R4", `${worker.name} calls the agent of ${executionId} without a lease`);
  if (row.deadlineAt !== undefined && row.deadlineAt <= clock.now) {
    ledger.violate("deadline", `${worker.name} calls the agent of ${executionId} after its deadline`);
  }
  for (const name of ["resume", "checkpoint"] as const) {
    if (canonical(run[name]) !== canonical(documents.get(name))) {
      ledger.violate(
        "R6",
        `${executionId} gets ${name} ${canonical(run[name])}, stored ${canonical(documents.get(name))}`,
      );
    }
  }
  if (known.suspensions > 0 && run.resume === undefined)
    ledger.violate("R6", `${executionId} goes on without decisions`);
  for (const decided of run.resume?.all ?? []) {
    const approval = ledger.approvals.get(decided.approvalId);
    const verb = { pending: "", approved: "approve", edited: "edit", rejected: "reject", expired: "expired" } as const;
    if (approval === undefined || verb[approval.status] !== decided.decision) {
      ledger.violate("R7", `${decided.approvalId} is ${approval?.status}, the agent hears ${decided.decision}`);
    }
  }
  const decided = (run.resume?.all ?? []).map(({ approvalId }) => approvalId);
  if (canonical(decided) !== canonical(askedBefore(known.log))) {
    ledger.violate("R6", `${executionId} hears of ${decided.join()}, it had asked ${askedBefore(known.log).join()}`);
  }
  checkHistory(worker, run);
  known.calls.push(call);
  return call;
}

/** What the last suspension waited for. */
function askedBefore(log: readonly TurnEvent[]): unknown[] {
  let asked: unknown[] = [];
  let waited: unknown[] = [];
  for (const { type, data } of log) {
    if (type === "approval.requested") asked.push(data?.["approvalId"]);
    if (data?.["state"] === "waiting_for_approval") waited = asked;
    if (data?.["state"] === "waiting_for_approval" || type === "run.restarted") asked = [];
  }
  return waited;
}

function checkHistory(worker: SimWorker, run: AgentRun): void {
  const { ledger } = worker.shared;
  const { tenantId, sessionId } = run.identity;
  for (const { turnIndex, role, content } of run.history) {
    const kept = ledger.transcripts.some(
      (turn) =>
        turn.tenantId === tenantId &&
        turn.sessionId === sessionId &&
        turn.turnIndex === turnIndex &&
        (role === "assistant" ? turn.answer : turn.message) === content,
    );
    if (!kept || turnIndex >= run.identity.turnIndex) {
      ledger.violate(
        "history",
        `${run.executionId} gets a history that never was: turn ${turnIndex} ${canonical(content)}`,
      );
    }
  }
}
