import { isTurnError, type TurnErrorCode } from "../../src/index.ts";
import type { ApprovalDecision, Attachment, ExecutionSnapshot } from "../../src/substrate/index.ts";
import { canonical } from "./canonical.ts";
import { isEndedState } from "./ledger.ts";
import { SimReader } from "./sim-reader.ts";
import type { SimWorker } from "./sim-worker.ts";
import type { PlannedRun, World } from "./world.ts";

// What clients do, each with a judgement of the answer.

/** Opens an execution: the first time, again, or with something else under its id. */
export function openRun(world: World, run: PlannedRun = world.random.pick(world.runs)): void {
  const { random } = world;
  const other = random.chance(0.1);
  const known = world.ledger.get(run.executionId);
  const after = chooseCursor(world, known?.log.length ?? 0);
  const worker = pickWorker(world);
  if (worker === undefined) return;
  const request = {
    executionId: run.executionId,
    identity: other && random.chance(0.5) ? { ...run.identity, turnIndex: 99 } : run.identity,
    input: { message: other ? "another" : `message ${run.executionId}`, agent: run.agent, data: asJson(run) },
    priority: run.priority,
    ...(run.deadlineMs === undefined ? {} : { deadlineMs: run.deadlineMs }),
    ...(after === 0 && random.chance(0.5) ? {} : { after: String(after) }),
  };
  ask(world, worker, `open ${run.executionId}${other ? " (another)" : ""} after ${after}`, {
    call: () => worker.engine.open(request),
    answered: (attachment) => {
      const stored = world.ledger.get(run.executionId);
      const input = canonical(stored?.documents.get("input"));
      if (canonical(request.input) !== input || stored?.row.turnIndex !== request.identity.turnIndex) {
        world.violate("S1", `open of ${run.executionId} with ${request.input.message} was accepted; stored ${input}`);
      }
      if (attachment.created) world.created.set(run.executionId, (world.created.get(run.executionId) ?? 0) + 1);
      if ((world.created.get(run.executionId) ?? 0) > 1) world.violate("S1", `${run.executionId} was created twice`);
      if (after > 1000) world.violate("S4", `open of ${run.executionId} after ${after} was accepted`);
      read(world, worker, attachment, after);
    },
    refused: (code) => {
      const row = world.ledger.get(run.executionId)?.row;
      const same = row === undefined || canonical(request.input) === canonical(inputOf(world, run.executionId));
      switch (code) {
        case "execution-conflict":
          return !(same && row?.turnIndex === request.identity.turnIndex);
        case "session-busy":
          return world.plan.policy === "reject";
        case "cursor-ahead":
          // With a run that does not exist yet, any cursor is ahead.
          return after > 1000 || known === undefined || after > known.log.length;
        case "cursor-gap":
          return row !== undefined && after < row.trimmedThrough;
        default:
          return false;
      }
    },
  });
}

/** Joins an execution somewhere in its log. */
export function attachReader(world: World, { executionId }: PlannedRun = world.random.pick(world.runs)): void {
  const worker = pickWorker(world);
  if (worker === undefined) return;
  const known = world.ledger.get(executionId);
  const after = chooseCursor(world, known?.log.length ?? 0);
  ask(world, worker, `attach ${executionId} after ${after}`, {
    call: () => worker.engine.attach(executionId, { after: String(after) }),
    answered: (attachment) => {
      if (attachment.created) world.violate("S1", `attach of ${executionId} says that it created it`);
      if (after > 1000) world.violate("S4", `attach of ${executionId} after ${after} was accepted`);
      read(world, worker, attachment, after);
    },
    refused: (code) => {
      const row = world.ledger.get(executionId)?.row;
      if (code === "execution-not-found") return known === undefined;
      if (code === "cursor-ahead") return after > 1000;
      return code === "cursor-gap" && row !== undefined && after < row.trimmedThrough;
    },
  });
}

export function cancelRun(world: World, executionId: string, at?: SimWorker): void {
  const worker = at ?? pickWorker(world);
  if (worker === undefined) return;
  const existed = world.ledger.get(executionId) !== undefined;
  ask(world, worker, `cancel ${executionId}`, {
    call: () => worker.engine.cancel(executionId, world.random.chance(0.5) ? { reason: "enough" } : {}),
    answered: (snapshot) => {
      world.cancelAnswers.push({ executionId, state: snapshot.state });
      const { state } = snapshot;
      if (state !== "cancelling" && state !== "settling" && !isEndedState(state)) {
        world.violate("S7", `cancel of ${executionId} answered ${state}`);
      }
      checkSnapshot(world, snapshot);
    },
    refused: (code) => code === "execution-not-found" && !existed,
  });
}

/** Decides an approval: for the first time, again, otherwise, or one that there is not. */
export function decide(world: World, approvalId: string, decision: ApprovalDecision, at?: SimWorker): void {
  const worker = at ?? pickWorker(world);
  if (worker === undefined) return;
  const before = world.ledger.approvals.get(approvalId);
  const byIdOnly = world.random.chance(0.3);
  const executionId = before?.executionId ?? "e0";
  ask(world, worker, `decide ${approvalId} ${canonical(decision)}`, {
    call: () =>
      byIdOnly
        ? worker.engine.decideApproval(approvalId, decision)
        : worker.engine.decide(executionId, approvalId, decision),
    answered: (snapshot) => {
      const approval = world.ledger.approvals.get(approvalId);
      const { decision: verb, ...said } = decision;
      const status = { approve: "approved", edit: "edited", reject: "rejected" }[verb];
      if (approval?.status !== status || canonical(approval.decision ?? {}) !== canonical(said)) {
        world.violate("R7", `${approvalId} was decided ${canonical(decision)}, stored ${canonical(approval)}`);
      }
      checkSnapshot(world, snapshot);
    },
    refused: (code) => {
      const approval = world.ledger.approvals.get(approvalId);
      if (code === "approval-not-found") return before === undefined;
      if (code === "execution-not-found") return world.ledger.get(executionId) === undefined || before === undefined;
      if (approval === undefined) return false;
      if (code === "approval-decided") return approval.status !== "pending" && approval.status !== "expired";
      if (code !== "approval-expired") return false;
      const late = approval.expiresAt !== undefined && approval.expiresAt <= world.clock.now;
      return (
        late ||
        approval.status === "expired" ||
        world.ledger.get(executionId)?.wasCancelling === true ||
        isSettled(world, executionId)
      );
    },
  });
}

function isSettled(world: World, executionId: string): boolean {
  return world.ledger.get(executionId)?.settled === true;
}

/** A snapshot was true at some moment: what it says of an end must be the end. */
function checkSnapshot(world: World, { executionId, state, finalText }: ExecutionSnapshot): void {
  if (!isEndedState(state)) return;
  const run = world.ledger.get(executionId);
  const outcome = run?.documents.get("outcome") as { finalText?: string } | undefined;
  if (run?.row.state !== state || outcome?.finalText !== finalText) {
    world.violate("S7", `${executionId} was said to be ${state} (${finalText}); it is ${run?.row.state}`);
  }
}

interface Asked<T> {
  readonly call: () => Promise<T>;
  readonly answered: (value: T) => void;
  /** Whether the engine may say this; a store's trouble and a stopped engine are known everywhere. */
  readonly refused: (code: TurnErrorCode) => boolean;
}

function ask<T>(world: World, worker: SimWorker, what: string, { call, answered, refused }: Asked<T>): void {
  world.trace?.(`  a client of ${worker.name}: ${what}`);
  call().then(
    (value) => {
      if (worker.crashed) return;
      world.trace?.(`    answered: ${what}`);
      answered(value);
    },
    (error: unknown) => {
      if (worker.crashed) return;
      world.trace?.(`    refused: ${what}: ${String(error)}`);
      if (!isTurnError(error)) return world.violate("T2", `${what} threw ${String((error as Error)?.stack ?? error)}`);
      if (error.code === "store-failed" || error.code === "store-busy") return;
      if (error.code === "closed" && worker.stopping !== "no") return;
      if (!refused(error.code)) world.violate("errors", `${what} was refused: ${error.code}: ${error.message}`);
    },
  );
}

function read(world: World, worker: SimWorker, attachment: Attachment, after: number): void {
  world.readers.push(new SimReader(worker, attachment, after, !world.calm && world.random.chance(0.2)));
}

function chooseCursor({ random }: World, length: number): number {
  if (random.chance(0.5)) return 0;
  return random.chance(0.05) ? 1_000_000 : random.below(length + 1);
}

function pickWorker({ working, random }: World): SimWorker | undefined {
  return working.length === 0 ? undefined : random.pick(working);
}

function inputOf(world: World, executionId: string): unknown {
  return world.ledger.get(executionId)?.documents.get("input");
}

function asJson({ script }: PlannedRun): { calls: string[][]; heedsSignal: boolean } {
  return { calls: script.calls.map((steps) => [...steps]), heedsSignal: script.heedsSignal };
}
