import type { NewRun, RunRecord } from "./run-store.ts";

/** The row that a run begins as, in every store. */
export function newRecord(seq: number, run: NewRun): RunRecord {
  return {
    seq,
    executionId: run.executionId,
    tenantId: run.tenantId,
    sessionId: run.sessionId,
    userId: run.userId,
    turnIndex: run.turnIndex,
    agent: run.agent,
    priority: run.priority,
    createdAt: run.createdAt,
    state: "queued",
    blocked: run.blocked,
    epoch: 0,
    workerId: undefined,
    wakeAt: undefined,
    leaseUntil: 0,
    attempt: 1,
    recoveries: 0,
    lastEventId: 0,
    trimmedThrough: 0,
    keep: 0,
    queueAnnounced: false,
    deadlineAt: run.deadlineAt,
    deadlineLeftMs: undefined,
    finishedAt: undefined,
  };
}
