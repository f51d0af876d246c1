import type { ChatTurnHooks, SettledTurn, TurnEvent, TurnSubject } from "../../src/index.ts";
import { ScriptedFailure } from "./scripted-failure.ts";
import type { SimWorker } from "./sim-worker.ts";

type OnceHook = "persistAssistantMessage" | "onTurnComplete" | "onTurnEnd";

/** The product's hooks as one worker has them: quick, slow, failing or hanging, as the schedule says. */
export function scriptedHooks(worker: SimWorker): Partial<Omit<ChatTurnHooks, "produce">> {
  const { plan } = worker.shared;
  const once =
    (name: OnceHook) =>
    (turn: SettledTurn): void | Promise<void> => {
      checkHook(worker, name, turn);
      return behave(worker, `${turn.executionId} ${name}`);
    };
  return {
    onEvent: (event, turn) => checkTold(worker, event, turn),
    persistAssistantMessage: once("persistAssistantMessage"),
    onTurnComplete: once("onTurnComplete"),
    onTurnEnd: once("onTurnEnd"),
    ...(plan.slowHooks ? { traceFlush: (turn) => behave(worker, `${turn.executionId} traceFlush`) } : {}),
    ...(plan.transforms
      ? {
          transformFinalText: async (text, turn) => {
            await behave(worker, `${turn.executionId} transformFinalText`);
            return `${text}~`;
          },
        }
      : {}),
  };
}

function behave(worker: SimWorker, what: string): void | Promise<void> {
  const { plan, random } = worker.shared;
  if (plan.hooksHang && random.chance(0.2)) return new Promise(() => undefined);
  const fails = plan.hooksFail && random.chance(0.3);
  const fail = (): void => {
    if (fails) throw new ScriptedFailure(`${what} failed`);
  };
  if (plan.slowHooks && random.chance(0.7)) return worker.gate(what).then(fail);
  fail();
}

/** `onEvent` sees what is stored, each event once. */
function checkTold(worker: SimWorker, { id, ...event }: TurnEvent, { executionId = "" }: TurnSubject): void {
  const { ledger } = worker.shared;
  const run = ledger.get(executionId);
  const stored = run?.json[Number(id) - 1];
  if (stored !== JSON.stringify(event)) {
    ledger.violate("onEvent", `${worker.name} tells ${id}, ${event.type} of ${executionId}; stored is ${stored}`);
  }
  if (id === undefined || run === undefined) return;
  if (run.told.has(id)) ledger.violate("onEvent", `${worker.name} tells ${id}, ${event.type} of ${executionId}, again`);
  run.told.add(id);
  const last = worker.lastTold.get(executionId) ?? 0;
  if (Number(id) < last && !worker.shared.plan.answersLate) {
    ledger.violate("onEvent", `${worker.name} tells ${id}, ${event.type} of ${executionId}, after ${last}`);
  }
  worker.lastTold.set(executionId, Number(id));
}

/** A hook begins in the owner, in the fixed order, and not once its step is recorded (R8, T3). */
function checkHook(worker: SimWorker, name: OnceHook, turn: SettledTurn): void {
  const { ledger, clock } = worker.shared;
  const { executionId = "" } = turn;
  ledger.trace?.(`    ${worker.name} begins ${name} of ${executionId}, ${turn.outcome}`);
  const run = ledger.get(executionId);
  if (run === undefined) return ledger.violate("S1", `${name} for ${executionId}, which was never stored`);
  const { row } = run;
  const violate = (invariant: string, what: string): void =>
    ledger.violate(invariant, `${worker.name} begins ${name} of ${executionId} ${what}`);
  if (row.state !== "settling") violate("R8", `in state ${row.state}`);
  if (run.owners.get(row.epoch) !== worker || row.workerId !== worker.workerId) violate("S9", "and has it no more");
  if (row.leaseUntil <= clock.now) violate("R4", "without a lease");
  const settlement = run.documents.get("settlement") as { finalText?: string; persist?: boolean; complete?: boolean };
  const progress = (run.documents.get("progress") ?? {}) as {
    persisted?: { failure?: object };
    completed?: boolean;
  };
  if (turn.finalText !== settlement.finalText) violate("R8", `with ${turn.finalText}, stored ${settlement.finalText}`);
  const persisted = progress.persisted !== undefined && progress.persisted.failure === undefined;
  switch (name) {
    case "persistAssistantMessage":
      if (progress.persisted !== undefined) violate("R8", "again after it was recorded");
      if (settlement.persist !== true) violate("T9", "for an answer that is not kept");
      break;
    case "onTurnComplete":
      if (!persisted || settlement.complete !== true) violate("T4", "for an answer that was not kept");
      if (progress.completed === true) violate("R8", "again after it was recorded");
      break;
    case "onTurnEnd":
      if (settlement.persist === true && progress.persisted === undefined) violate("T3", "before persist");
      if (persisted && settlement.complete === true && progress.completed !== true)
        violate("T3", "before onTurnComplete");
  }
}
