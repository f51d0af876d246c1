import { createTextAccumulator, isTerminal, type TurnEvent } from "../../src/index.ts";
import { isWaiting } from "./calm.ts";
import { isEndedState, type LedgerRun } from "./ledger.ts";
import { textOfLog } from "./text-model.ts";
import type { World } from "./world.ts";

/** What must hold once a schedule has come to rest, with its workers still there. */
export async function checkRest(world: World): Promise<void> {
  for (const run of world.ledger.runs.values()) {
    checkRun(world, run);
    checkFinalText(world, run);
    await checkStoredLog(world, run);
  }
  checkReaders(world);
  for (const { engine, crashed, name, running } of world.workers) {
    if (crashed) continue;
    const { heldSlots, ownedRuns } = engine.stats();
    if (heldSlots > 0) world.violate("R2", `${name} holds ${heldSlots} slots, and nothing runs`);
    if (ownedRuns > 0) world.violate("R2", `${name} owns ${ownedRuns} runs, and nothing runs`);
    if (running > 0) world.violate("R2", `${name} has ${running} agents at work, and nothing runs`);
  }
}

/** What must hold once all workers have stopped. */
export function checkStopped(world: World): void {
  for (const worker of world.workers) {
    if (worker.crashed) continue;
    const timers = world.clock.countOf(worker);
    if (timers > 0) world.violate("stop", `${worker.name} has stopped and left ${timers} timers`);
  }
  for (const { state, worker, executionId, cursor } of world.readers) {
    if (state === "reading" && !worker.crashed) {
      world.violate("stop", `A reader of ${executionId} after ${cursor} hangs at ${worker.name}, which has stopped`);
    }
  }
}

function checkRun(world: World, run: LedgerRun): void {
  const { executionId, state } = run.row;
  if (world.workers.every(({ crashed }) => !crashed) && run.told.size !== run.log.length) {
    world.violate("onEvent", `${executionId} has ${run.log.length} events, the hook was told of ${run.told.size}`);
  }
  const terminals = run.log.filter(isTerminal).length;
  const ended = isEndedState(state);
  if (!ended && !isWaiting(world, run)) world.violate("R5", `${executionId} is left in state ${state}`);
  if (terminals !== (ended ? 1 : 0))
    world.violate("T1", `${executionId} is ${state} with ${terminals} terminal events`);
  if (ended && (run.row.workerId !== undefined || run.row.wakeAt !== undefined)) {
    world.violate("R2", `${executionId} has ended and still has an owner or somebody to wake it`);
  }
  // A stop that was recorded counts; only an answer that could not be kept makes a failure of it (T4).
  const progress = run.documents.get("progress") as { persisted?: { failure?: object } } | undefined;
  const asStopped = state === "cancelled" || (state === "failed" && progress?.persisted?.failure !== undefined);
  if (ended && run.wasCancelling && !asStopped && !givenUp(run)) {
    world.violate("S7", `${executionId} was cancelled and is ${state}`);
  }
  for (const answer of world.cancelAnswers) {
    if (answer.executionId !== executionId || answer.state !== "cancelling") continue;
    if (!run.wasCancelling) world.violate("S7", `cancel of ${executionId} said cancelling, its log does not`);
  }
  for (const approval of world.ledger.approvals.values()) {
    if (approval.executionId !== executionId || approval.status !== "pending") continue;
    if (ended) world.violate("R7", `${approval.approvalId} is pending, its run is ${state}`);
  }
}

function givenUp({ log }: LedgerRun): boolean {
  return log.at(-1)?.data?.["code"] === "recovery-failed";
}

function checkFinalText(world: World, run: LedgerRun): void {
  const outcome = run.documents.get("outcome") as { status: string; finalText: string } | undefined;
  if (outcome === undefined) return;
  const { partialText, transforms } = world.plan;
  const accumulated = createTextAccumulator();
  for (const event of run.log) accumulated.add(event);
  const told = textOfLog(run.log);
  const { executionId } = run.row;
  if (accumulated.text() !== told) {
    world.violate("R5", `readers of ${executionId} get ${accumulated.text()}, the log says ${told}`);
  }
  const whole = transforms ? `${told}~` : told;
  const mayBeEmpty = outcome.status !== "completed" && partialText === "drop";
  if (outcome.finalText === whole || (mayBeEmpty && outcome.finalText === "")) return;
  // A transform that failed drops a partial answer.
  if (outcome.status !== "completed" && transforms && outcome.finalText === "") return;
  world.violate("R5", `${executionId} ${outcome.status} with ${outcome.finalText}, its log says ${whole}`);
}

/** The store itself has what it was given, as far as it was not trimmed. */
async function checkStoredLog(world: World, run: LedgerRun): Promise<void> {
  const stored = await world.store.rows.transact((tx) => {
    const row = tx.getRun(run.row.executionId);
    const events: TurnEvent[] = [];
    if (row === undefined) return { row, events };
    for (let page = tx.readEvents(row, 0, 1000); page.length > 0;) {
      events.push(...page);
      page = tx.readEvents(row, Number(page.at(-1)?.id), 1000);
    }
    return { row, events };
  });
  const { executionId } = run.row;
  const from = stored.row?.trimmedThrough ?? 0;
  if (from !== 0 && (from !== run.log.length || !isEndedState(run.row.state))) {
    world.violate("S5", `${executionId} is trimmed through ${from} of ${run.log.length}, state ${run.row.state}`);
  }
  if (JSON.stringify(stored.events) !== JSON.stringify(run.log.slice(from))) {
    world.violate("S2", `${executionId} has another log than was written`);
  }
}

function checkReaders(world: World): void {
  for (const { state, worker, executionId, cursor, after } of world.readers) {
    if (state !== "reading" || worker.crashed || worker.stopping !== "no") continue;
    const run = world.ledger.get(executionId);
    if (run === undefined) continue;
    const who = `A reader of ${executionId} at ${worker.name}, from ${after},`;
    if (isEndedState(run.row.state))
      world.violate("S2", `${who} hangs after ${cursor} of ${run.log.length}, at its end`);
    else if (cursor < run.log.length) world.violate("S2", `${who} hangs after ${cursor} of ${run.log.length}`);
  }
}
