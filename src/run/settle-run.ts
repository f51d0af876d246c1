import type { JsonValue } from "../event/json.ts";
import { createTextAccumulator } from "../event/text-accumulator.ts";
import { TurnError } from "../errors.ts";
import type { TurnInput } from "../substrate/turn-input.ts";
import { describeThrown } from "../turn/describe-error.ts";
import { ProducerReports } from "../turn/producer-reports.ts";
import type { Produced } from "../turn/produce-turn.ts";
import { runHookSafely } from "../turn/run-hook.ts";
import { concludeTurn, type Settlement, withoutAnswer } from "../turn/settlement.ts";
import { type SettleProgress, type SettleStep, settleTurn } from "../turn/settle-turn.ts";
import { subjectOf } from "../turn/turn-owner.ts";
import { cancelAgent } from "./cancel-agent.ts";
import { readCancelIntent } from "./cancel-intent.ts";
import { sizeError } from "./check-size.ts";
import { closeRun } from "./close-run.ts";
import type { HeldRun } from "./held-run.ts";
import { loggedAnswer } from "./logged-answer.ts";
import type { Ending } from "./take-run.ts";

/** Settles what the agent has come to: first the point of no return, committed with the run's last events (R8). */
export async function settleRun(held: HeldRun, produced: Produced): Promise<void> {
  // Where no call of the agent was at work here, none has heard by its signal that nobody wants its work any more.
  if (produced.producer === undefined) await cancelAgent(held, produced);
  let settlement = await enter(held, await concludeTurn(held.turn, await withReason(held, produced)));
  if (settlement === undefined) {
    // A stop was recorded before this point of no return: it counts, however the agent has ended. One that asked a person,
    // or broke off, may have left something at work.
    if (produced.end.how !== "drained" && produced.producer !== undefined) await cancelAgent(held, produced);
    const stopped = await withReason(held, { ...produced, end: { how: "stopped" } });
    settlement = await enter(held, await concludeTurn(held.turn, stopped));
  }
  if (settlement !== undefined) await finish(held, { settlement });
}

/** Settles a run whose agent is not called any more. */
export async function settleEnding(held: HeldRun, ending: Ending): Promise<void> {
  if (ending.how === "resettled") return resettle(held, ending.giveUp);
  const keepsText = held.turn.partialText === "keep";
  await settleRun(held, {
    end: ending.how === "cancelled" ? { how: "stopped" } : { how: "threw", error: ending.error },
    reports: new ProducerReports(),
    answer: keepsText ? await loggedAnswer(held.writer, Infinity) : createTextAccumulator(),
    spoke: true,
  });
}

/** Enters with the answer, or without one that no record takes; undefined when a stop was recorded before. */
async function enter(held: HeldRun, concluded: Settlement): Promise<Settlement | undefined> {
  const entered = await tryToEnter(held, concluded, held.core.options.maxEventBytes);
  if (!(entered instanceof TurnError)) return entered ? concluded : undefined;
  const dropped = await withoutAnswer(held.turn, concluded, entered);
  // What a producer has reported of its end may be as long as any answer.
  const failure = dropped.failure && describeThrown(dropped.failure);
  const reason = dropped.reason && describeThrown(dropped.reason).message;
  const settlement: Settlement = { ...dropped, failure, reason };
  return (await tryToEnter(held, settlement, Infinity)) === true ? settlement : undefined;
}

/** False when a stop was recorded before; an error when what is to be kept is too large. */
function tryToEnter({ writer }: HeldRun, settlement: Settlement, maxBytes: number): Promise<boolean | TurnError> {
  return writer.commit((draft) => {
    const { tx, run } = draft;
    if (run.state === "cancelling" && settlement.status !== "cancelled") return false;
    // The record that is written last holds both, and the terminal event what a failure says: what does not fit there must
    // be known now, or no worker could ever close the run.
    const { message } = settlement.persist ? (tx.getDocument(run, "input") as unknown as TurnInput) : {};
    const json = JSON.stringify({ message, ...settlement });
    const tooLarge = sizeError("the question with its answer", json, maxBytes);
    if (tooLarge !== undefined) return tooLarge;
    draft.moveTo("settling");
    tx.putDocument(run, "settlement", settlement as unknown as JsonValue);
    return true;
  });
}

/** A stop's reason is the one that was recorded with it. */
async function withReason({ writer }: HeldRun, produced: Produced): Promise<Produced> {
  if (produced.end.how !== "stopped") return produced;
  const { reason } = await writer.commit(({ tx, run }) => readCancelIntent(tx, run));
  return reason === undefined ? produced : { ...produced, reason };
}

/** Goes on with a settle that a crash cut off (R5). */
async function resettle(held: HeldRun, giveUp: TurnError | undefined): Promise<void> {
  const stored = await held.writer.commit(({ tx, run }) => ({
    settlement: tx.getDocument(run, "settlement"),
    progress: tx.getDocument(run, "progress"),
  }));
  const settlement = stored.settlement as unknown as Settlement | undefined;
  if (settlement === undefined) throw new Error(`Run ${held.executionId} is settling without a settlement`);
  const progress = (stored.progress ?? {}) as unknown as Omit<SettleProgress, "settlement">;
  if (giveUp === undefined) return finish(held, { ...progress, settlement });
  // Its hooks took every worker with them that tried: end it without them, and say so.
  const failure = { message: giveUp.message, code: giveUp.code };
  const persisted = progress.persisted ?? { failure };
  await finish(held, { settlement, persisted, completed: true, ended: true });
}

/** Every step is recorded before the next begins (R8). */
async function finish(held: HeldRun, progress: SettleProgress): Promise<void> {
  const { turn, writer, hook } = held;
  let done = progress;
  await writer.hold();
  await settleTurn(turn, progress, async (step) => {
    done = after(done, step);
    await record(held, step, done);
    // The next hook is begun by nobody but the owner.
    if (step.step !== "closed") await writer.hold();
  });
  await hook.quiet();
  await runHookSafely(turn, "traceFlush", () => turn.hooks.traceFlush?.(subjectOf(turn)));
}

function record(
  { core, writer }: HeldRun,
  step: SettleStep,
  { settlement: _settlement, ...progress }: SettleProgress,
): Promise<void> {
  return writer.commit((draft) => {
    if (step.step === "closed") closeRun(draft, { ...step, now: core.now() });
    else draft.tx.putDocument(draft.run, "progress", progress as unknown as JsonValue);
  });
}

/** The progress once a step is done. */
function after(progress: SettleProgress, step: SettleStep): SettleProgress {
  switch (step.step) {
    case "persisted":
      return { ...progress, persisted: step.failure === undefined ? {} : { failure: step.failure } };
    case "completed":
      return { ...progress, completed: true };
    case "closed":
      return progress;
  }
}
