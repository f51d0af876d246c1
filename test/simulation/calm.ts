import { attachReader, cancelRun, decide, openRun } from "./client-actions.ts";
import { isEndedState, type LedgerRun } from "./ledger.ts";
import { checkStep } from "./chaos.ts";
import { stopWorker } from "./faults.ts";
import { LEASE_MS, POLL_MS } from "./plan.ts";
import { settle, type World } from "./world.ts";

const MAX_STEPS = 4000;
/** So long may nothing but looking around happen before what hangs is cancelled: more than any lease, hook or approval. */
const PATIENCE_MS = 3000;

/**
 * The second part of a schedule: no more faults, at least one worker, time goes on. Every run must come to its end or
 * wait for a person, and everything that was taken must be given back.
 */
export async function playCalm(world: World): Promise<void> {
  world.trace?.("calm");
  world.calm = true;
  for (const worker of world.workers) worker.stalled = false;
  // One that is alone comes back when its alarm rings, or never.
  // Of the others one must know every agent: what only older ones are left for waits, and rightly so.
  while (!world.plan.alone && world.working.every(({ isOlder }) => isOlder)) world.addWorker();
  for (const reader of world.readers) {
    reader.paused = false;
    reader.pull();
  }
  const decides = world.random.chance(0.5);
  await settleDown(world, () => {
    if (!decides) return;
    for (const { approvalId, status } of world.ledger.approvals.values()) {
      if (status === "pending") decide(world, approvalId, { decision: "approve" }, world.working[0]);
    }
  });
}

/** Clients come back after the end: they read the log again or are told of the gap, and nothing starts anew (S5). */
export async function comeBack(world: World): Promise<void> {
  world.trace?.("clients come back");
  for (const run of world.runs) {
    if (world.random.chance(0.5)) openRun(world, run);
    else attachReader(world, run);
  }
  await settleDown(world, () => undefined);
}

/** All workers stop, gracefully; nothing may be left behind. */
export async function stopAll(world: World): Promise<void> {
  world.trace?.("stop");
  for (const worker of world.working) stopWorker(world, worker, 1000);
  await settle();
  for (let step = 0; step < MAX_STEPS && world.violations.length === 0; step++) {
    if (world.workers.every(({ crashed, stopping }) => crashed || stopping === "stopped")) return;
    if (!moveOne(world) && !fire(world)) break;
    await settle();
  }
  if (world.violations.length > 0) return;
  const left = world.workers.filter(({ crashed, stopping }) => !crashed && stopping !== "stopped");
  if (left.length > 0) world.violate("stop", `${left.map(({ name }) => name).join(", ")} never stopped`);
}

async function settleDown(world: World, onWaiting: () => void): Promise<void> {
  const began = world.clock.now;
  let calmSince = world.clock.now;
  let nudged = false;
  let seen = -1;
  // What readers were just let do asks the store only now.
  await settle();
  for (let step = 0; step < MAX_STEPS && world.violations.length === 0; step++) {
    const length = [...world.ledger.runs.values()].reduce((sum, { log }) => sum + log.length, 0);
    if (length !== seen) calmSince = world.clock.now;
    seen = length;
    if (moveOne(world)) {
      await settle();
      checkStep(world);
      continue;
    }
    const open = [...world.ledger.runs.values()].filter(({ row }) => !isEndedState(row.state));
    if (open.every((run) => isWaiting(world, run))) {
      if (nudged || open.length === 0) {
        // Readers at other workers hear of the end with the next look into the store (S6).
        const isLate = world.clock.now - calmSince > 2 * POLL_MS || world.clock.next() === undefined;
        if (isQuiet(world) && isLate) return;
      } else {
        nudged = true;
        onWaiting();
        await settle();
        continue;
      }
    }
    if (world.clock.now - calmSince > PATIENCE_MS) {
      // Agents that hang for ever are somebody's to stop; nothing else may need it.
      const hanging = open.filter((run) => isHanging(run));
      if (hanging.length === 0 && !open.every((run) => isWaiting(world, run))) break;
      for (const { row } of hanging) cancelRun(world, row.executionId, world.working[0]);
      calmSince = world.clock.now;
      await settle();
      continue;
    }
    if (world.clock.now - began > 2 * LEASE_MS) open.forEach((run) => checkCalmRun(world, run));
    if (!fire(world)) break;
    await settle();
    checkStep(world);
  }
  if (world.violations.length > 0) return;
  const stuck = [...world.ledger.runs.values()].filter((run) => !isEndedState(run.row.state) && !isWaiting(world, run));
  world.violate("R5", `left with nobody to move it: ${stuck.map(({ row }) => JSON.stringify(row)).join(" ")}`);
}

/** Waits for a person, who may take for ever, or behind a run that does. */
export function isWaiting({ ledger }: World, { row }: LedgerRun): boolean {
  const waitsForPerson = (executionId: string): boolean =>
    [...ledger.approvals.values()].some(
      (approval) =>
        approval.executionId === executionId && approval.status === "pending" && approval.expiresAt === undefined,
    );
  if (row.state === "waiting_for_approval") return waitsForPerson(row.executionId);
  if (row.state !== "queued" || ledger.policy !== "enqueue" || row.deadlineAt !== undefined) return false;
  return ledger
    .liveOf(row.sessionId)
    .some(
      (other) =>
        other.row.seq < row.seq && other.row.state === "waiting_for_approval" && waitsForPerson(other.row.executionId),
    );
}

function isHanging({ row, calls }: LedgerRun): boolean {
  const last = calls.at(-1);
  return row.state === "running" && last !== undefined && !last.over && !last.signal.aborted && !last.worker.crashed;
}

/** While nothing goes wrong, no lease lapses (R4), and no agent works beyond its deadline. */
function checkCalmRun(world: World, { row, owners, calls }: LedgerRun): void {
  const call = calls.at(-1);
  const atWork = call !== undefined && !call.over && !call.signal.aborted && !call.worker.crashed;
  if (atWork && row.state === "running" && row.deadlineAt !== undefined && row.deadlineAt < world.clock.now) {
    world.violate("deadline", `${call.worker.name} runs the agent of ${row.executionId} beyond its deadline`);
  }
  // Nobody is there to take the lease of one that is alone; it renews it when its alarm rings.
  if (world.plan.alone) return;
  if (row.workerId === undefined || row.leaseUntil > world.clock.now || owners.get(row.epoch)?.works !== true) return;
  world.violate("R4", `${row.workerId} has let its lease of ${row.executionId} lapse`);
}

/** One thing that is ready to happen, in order. */
function moveOne(world: World): boolean {
  const answer = world.store.answers.shift();
  if (answer !== undefined) {
    world.trace?.(`  an answer reaches ${answer.owner.name}`);
    answer.give();
    return true;
  }
  const calls = world.store.calls.splice(0);
  for (const call of calls) call.apply("now");
  if (calls.length > 0) return true;
  for (const worker of world.workers) {
    const gates = worker.gates.splice(0);
    for (const gate of gates) {
      world.trace?.(`  ${worker.name} goes on: ${gate.what}`);
      gate.open();
    }
    if (gates.length > 0) return true;
  }
  return false;
}

function fire(world: World): boolean {
  const timer = world.clock.next();
  if (timer === undefined) return false;
  world.clock.fire(timer);
  return true;
}

/** Nobody works on anything any more. */
function isQuiet(world: World): boolean {
  return world.workers.every((worker) => {
    if (worker.crashed) return true;
    // One that is alone sleeps, and so has no timer.
    return worker.engine.stats().ownedRuns === 0 && (!world.plan.alone || world.clock.countOf(worker) === 0);
  });
}
