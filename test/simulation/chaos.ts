import type { ApprovalDecision } from "../../src/substrate/index.ts";
import { attachReader, cancelRun, decide, look, openRun } from "./client-actions.ts";
import { strikeFault } from "./faults.ts";
import { settle, type World } from "./world.ts";

/** One thing that happens; false when there was nothing of the kind to do. */
type Happening = (world: World) => boolean;

const letCallThrough: Happening = (world) => {
  const { random, plan, store } = world;
  const calls = store.calls.filter(({ owner }) => world.moves(owner));
  if (calls.length === 0) return false;
  // Mostly in order, since most stores answer in order; the port does not promise it.
  const call = random.chance(0.6) ? calls[0] : random.pick(calls);
  if (call === undefined) return false;
  store.calls.splice(store.calls.indexOf(call), 1);
  if (plan.storeFails && random.chance(0.12)) {
    const code = random.pick(["store-failed", "store-busy"] as const);
    const when = random.pick(["early", "late"] as const);
    world.trace?.(`  a call of ${call.owner.name} fails ${when}: ${code}`);
    call.fail(code, when);
  } else {
    const answer = plan.answersLate && random.chance(0.25) ? "later" : "now";
    world.trace?.(`  a call of ${call.owner.name} goes through${answer === "now" ? "" : ", its answer waits"}`);
    call.apply(answer, plan.storeFails && random.chance(0.1) ? 2 : 1);
  }
  return true;
};

const giveAnswer: Happening = (world) => {
  const answers = world.store.answers.filter(({ owner }) => world.moves(owner));
  if (answers.length === 0) return false;
  const answer = world.random.pick(answers);
  world.store.answers.splice(world.store.answers.indexOf(answer), 1);
  world.trace?.(`  an answer reaches ${answer.owner.name}`);
  answer.give();
  return true;
};

const openGate: Happening = (world) => {
  const workers = world.workers.filter((worker) => world.moves(worker) && worker.gates.length > 0);
  if (workers.length === 0) return false;
  const worker = world.random.pick(workers);
  const gate = world.random.pick(worker.gates);
  worker.gates.splice(worker.gates.indexOf(gate), 1);
  world.trace?.(`  ${worker.name} goes on: ${gate.what}`);
  gate.open();
  return true;
};

const fireTimer: Happening = (world) => {
  const timer = world.clock.next();
  if (timer === undefined) return false;
  world.clock.fire(timer);
  world.trace?.(`  a timer fires at ${world.clock.now - 1_000_000} ms`);
  return true;
};

const clientActs: Happening = (world) => {
  const { random, plan } = world;
  const what = random.below(21) / 2;
  if (what < 4) openRun(world);
  else if (what < 6) attachReader(world);
  else if (what < 7) return readerActs(world);
  else if (what < 8) return plan.cancels && cancelSome(world);
  else if (what < 10) return decideSome(world);
  else look(world);
  return true;
};

function cancelSome(world: World): boolean {
  cancelRun(world, world.random.pick(world.runs).executionId);
  return true;
}

function readerActs(world: World): boolean {
  const readers = world.readers.filter(({ state, worker }) => state === "reading" && !worker.crashed);
  if (readers.length === 0) return false;
  const reader = world.random.pick(readers);
  if (world.random.chance(0.3)) reader.leave();
  else {
    reader.paused = !reader.paused;
    if (world.random.chance(0.8)) reader.pull();
  }
  return true;
}

function decideSome(world: World): boolean {
  const { random, ledger } = world;
  const approvals = [...ledger.approvals.values()];
  if (approvals.length === 0) return false;
  const decision = random.pick<ApprovalDecision>([
    { decision: "approve" },
    { decision: "approve" },
    { decision: "reject", note: "no" },
    { decision: "edit", input: { place: "elsewhere" } },
  ]);
  const pending = approvals.filter(({ status }) => status === "pending");
  const from = pending.length > 0 && random.chance(0.7) ? pending : approvals;
  const approvalId = random.chance(0.05) ? "nothing.1" : random.pick(from).approvalId;
  decide(world, approvalId, decision);
  if (random.chance(0.4)) decide(world, approvalId, random.chance(0.5) ? decision : { decision: "reject" });
  return true;
}

const HAPPENINGS: readonly (readonly [weight: number, happening: Happening])[] = [
  [34, letCallThrough],
  [10, giveAnswer],
  [20, openGate],
  [12, fireTimer],
  [16, clientActs],
  [8, strikeFault],
];
const TOTAL = HAPPENINGS.reduce((sum, [weight]) => sum + weight, 0);

/** The first part of a schedule: anything may happen, in any order. */
export async function playChaos(world: World): Promise<void> {
  await settle();
  for (let step = 0; step < world.plan.steps && world.violations.length === 0; step++) {
    let at = world.random.below(TOTAL);
    const chosen = HAPPENINGS.find(([weight]) => (at -= weight) < 0)?.[1];
    if (chosen?.(world) !== true) continue;
    await settle();
    checkStep(world);
  }
}

/** What must hold at any moment: no more at work than there are slots (R1). */
export function checkStep(world: World): void {
  for (const worker of world.workers) {
    if (worker.crashed) continue;
    const { heldSlots, maxConcurrentRuns } = worker.engine.stats();
    if (heldSlots > maxConcurrentRuns) world.violate("R1", `${worker.name} holds ${heldSlots} slots`);
    if (worker.running > heldSlots) {
      world.violate("R1", `${worker.name} runs ${worker.running} agents in ${heldSlots} slots`);
    }
  }
}
