import type { ApprovalDecision, Attachment } from "../../src/substrate/index.ts";
import { ask, checkSnapshot } from "./ask-engine.ts";
import { canonical } from "./canonical.ts";
import { isEndedState } from "./ledger.ts";
import type { Plan } from "./plan.ts";
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
        case "agent-not-found":
          return !worker.knows(run.agent);
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
  const asked = (world.cancelsAsked.get(executionId) ?? 0) + 1;
  world.cancelsAsked.set(executionId, asked);
  ask(world, worker, `cancel ${executionId}`, {
    call: () => worker.engine.cancel(executionId, world.random.chance(0.5) ? { reason: "enough" } : {}),
    answered: (snapshot) => {
      world.cancelAnswers.push({ executionId, state: snapshot.state });
      const { state } = snapshot;
      if (state !== "cancelling" && state !== "settling" && !isEndedState(state)) {
        world.violate("S7", `cancel of ${executionId} answered ${state}`);
      }
      const { cancelledIdle, row } = world.ledger.get(executionId) ?? {};
      const sole = cancelledIdle?.worker === worker && world.cancelsAsked.get(executionId) === 1;
      // Nobody else can have taken it, nothing has failed: it was this worker's to finish.
      if (state === "cancelling" && sole && cancelledIdle.epoch + 1 >= (row?.epoch ?? 0) && isUndisturbed(world.plan)) {
        world.violate("S7", `cancel of ${executionId} without an owner answered ${state}`);
      }
      checkSnapshot(world, snapshot);
    },
    refused: (code) => code === "execution-not-found" && !existed,
  });
}

/** Looks at an execution, or at a session's. */
export function look(world: World): void {
  const worker = pickWorker(world);
  if (worker === undefined) return;
  const { executionId, identity } = world.random.pick(world.runs);
  if (world.random.chance(0.5)) {
    ask(world, worker, `inspect ${executionId}`, {
      call: () => worker.engine.inspect(executionId),
      answered: (snapshot) => {
        if (snapshot !== undefined) checkSnapshot(world, snapshot);
      },
      refused: () => false,
      looks: true,
    });
    return;
  }
  ask(world, worker, `list ${identity.sessionId}`, {
    call: () => worker.engine.list({ sessionId: identity.sessionId }),
    answered: (snapshots) => snapshots.forEach((snapshot) => checkSnapshot(world, snapshot)),
    refused: () => false,
    looks: true,
  });
}

/** Whether nothing but crashes keeps a worker from finishing what it has taken. */
function isUndisturbed({ policy, storeFails, jumps, answersLate, stops }: Plan): boolean {
  return policy !== "interrupt" && !storeFails && !jumps && !answersLate && !stops;
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

function read(world: World, worker: SimWorker, attachment: Attachment, after: number): void {
  world.readers.push(new SimReader(worker, attachment, after, !world.calm && world.random.chance(0.2)));
}

function chooseCursor({ random }: World, length: number): number {
  if (random.chance(0.5)) return 0;
  return random.chance(0.05) ? 1_000_000 : random.below(length + 1);
}

function pickWorker(world: World): SimWorker | undefined {
  const { working, workers, random, plan } = world;
  // A request brings it to life.
  if (plan.alone) return world.onlyWorker();
  // Some come to one that is being stopped.
  const reachable = random.chance(0.05) ? workers.filter(({ crashed }) => !crashed) : working;
  return reachable.length === 0 ? undefined : random.pick(reachable);
}

function inputOf(world: World, executionId: string): unknown {
  return world.ledger.get(executionId)?.documents.get("input");
}

function asJson({ script }: PlannedRun): { calls: string[][]; heedsSignal: boolean } {
  return { calls: script.calls.map((steps) => [...steps]), heedsSignal: script.heedsSignal };
}
