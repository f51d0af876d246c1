import type { TurnFailure, TurnOutcome } from "../event/outcome.ts";
import type { TurnEvent } from "../event/turn-event.ts";
import { describeFailure } from "./describe-error.ts";
import { logFailure, runHook, runHookSafely } from "./run-hook.ts";
import { closingEvents, outcomeOf, settledTurn, type Settlement, withFailure } from "./settlement.ts";
import type { OwnedTurn } from "./turn-owner.ts";

/** A step of settle that is done. An owner that keeps them can go on after a crash at the first one missing. */
export type SettleStep =
  | { readonly step: "persisted"; readonly failure?: TurnFailure }
  | { readonly step: "completed" }
  /** `onTurnEnd` has run, and the turn is over for its readers: these are its last events. */
  | { readonly step: "closed"; readonly events: readonly TurnEvent[]; readonly outcome: TurnOutcome };

/** Told of each step when it is done, before the next begins. When it throws, settle stops there and throws it. */
export type RecordStep = (step: SettleStep) => void | Promise<void>;

/** Where a settle stands: what the turn came to, and which steps are done already. */
export interface SettleProgress {
  readonly settlement: Settlement;
  readonly persisted?: { readonly failure?: TurnFailure };
  readonly completed?: boolean;
  /** Leaves `onTurnEnd` out. */
  readonly ended?: boolean;
}

/**
 * The second half of a turn: from what it came to (`concludeTurn`) to the closed turn, in the order of T3. Concluding is
 * the point of no return. The same function goes on with a settle that a crash interrupted; no step that is recorded runs again.
 */
export async function settleTurn(
  turn: OwnedTurn,
  { settlement: concluded, persisted: kept, completed, ended }: SettleProgress,
  record: RecordStep,
): Promise<TurnOutcome> {
  let settlement = concluded;
  let persisted = false;
  if (settlement.persist) {
    const { failure } = kept ?? (await persist(turn, settlement, record));
    if (failure === undefined) persisted = true;
    else settlement = withFailure(settlement, failure);
  }
  const settled = settledTurn(turn, settlement);
  const { hooks } = turn;

  // A hook that is not there is nothing to record.
  if (persisted && settlement.complete && completed !== true && hooks.onTurnComplete !== undefined) {
    await runHookSafely(turn, "onTurnComplete", () => hooks.onTurnComplete?.(settled));
    await record({ step: "completed" });
  }
  if (ended !== true) await runHookSafely(turn, "onTurnEnd", () => hooks.onTurnEnd?.(settled));

  const outcome = outcomeOf(settlement, persisted);
  await record({ step: "closed", events: closingEvents(turn, settlement), outcome });
  return outcome;
}

async function persist(
  turn: OwnedTurn,
  settlement: Settlement,
  record: RecordStep,
): Promise<{ readonly failure?: TurnFailure }> {
  const name = "persistAssistantMessage";
  let done = {};
  try {
    await runHook(turn, name, () => turn.hooks.persistAssistantMessage(settledTurn(turn, settlement)));
  } catch (error) {
    logFailure(turn, name, error);
    done = { failure: await describeFailure(turn, error) };
  }
  await record({ step: "persisted", ...done });
  return done;
}
