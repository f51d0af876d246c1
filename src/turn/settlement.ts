import type { TurnFailure, TurnOutcome } from "../event/outcome.ts";
import type { TurnEvent } from "../event/turn-event.ts";
import { parseUsage, type TokenUsage } from "../event/usage.ts";
import { checkString } from "../internal/check-argument.ts";
import { defined } from "../internal/defined.ts";
import { ignoreRejection } from "../internal/ignore-rejection.ts";
import type { SettledTurn } from "./chat-turn-hooks.ts";
import { describeFailure } from "./describe-error.ts";
import { envelopeEvent } from "./envelope.ts";
import type { Produced } from "./produce-turn.ts";
import { logFailure, runHook } from "./run-hook.ts";
import { type OwnedTurn, subjectOf } from "./turn-owner.ts";

/** What a turn has come to, before its hooks run: plain data, so that an owner can keep it and go on from it. */
export interface Settlement extends AnswerKept {
  readonly status: TurnOutcome["status"];
  readonly usage?: TokenUsage | undefined;
  readonly failure?: TurnFailure | undefined;
  /** What the producer's own failure event carried beside the message. */
  readonly details?: Readonly<Record<string, unknown>> | undefined;
  readonly reason?: string | undefined;
  /** Whether the client has seen an `error` event already. */
  readonly errorSent: boolean;
}

/** What becomes of the answer. */
interface AnswerKept {
  /** After `transformFinalText`. */
  readonly finalText: string;
  readonly persist: boolean;
  /** Whether `onTurnComplete` follows a persist. */
  readonly complete: boolean;
}

const DROPPED: AnswerKept = { finalText: "", persist: false, complete: false };

/** Reads what the producer came to, and asks for the final text where it is wanted. Never throws. */
export async function concludeTurn(turn: OwnedTurn, produced: Produced): Promise<Settlement> {
  const { end } = produced;
  const { failure: reported, details, cancelled, errorSent } = produced.reports;
  const common = { usage: readUsage(turn, produced), errorSent };

  if (end.how === "drained" && (reported !== undefined || cancelled === undefined)) {
    try {
      const finalText = await transform(turn, readText(produced));
      const status = reported === undefined ? "completed" : "failed";
      return { ...common, status, failure: reported, details, finalText, persist: true, complete: true };
    } catch (error) {
      // A failure that was reported is what the client is told; a final text that fails too is for the log.
      if (reported !== undefined) logFailure(turn, "finalText", error);
      const failure = reported ?? (await describeFailure(turn, error));
      return { ...common, status: "failed", failure, details, ...DROPPED };
    }
  }

  const answer = await partialAnswer(turn, produced);
  if (!("error" in end)) {
    const { reason } = end.how === "stopped" ? produced : { ...cancelled };
    return { ...common, ...answer, status: "cancelled", reason };
  }
  const failure = await describeFailure(turn, end.error);
  // An error event that was sent for another failure does not tell of this one.
  const told = errorSent && reported?.message === failure.message;
  return { ...common, ...answer, status: "failed", failure, details, errorSent: told };
}

/** The same turn, when keeping its answer has failed (T4). */
export function withFailure(settlement: Settlement, failure: TurnFailure): Settlement {
  // A turn that had failed already says why it failed first; an error event of one that had not was about something else.
  if (settlement.failure !== undefined) return settlement;
  return { ...settlement, status: "failed", failure, errorSent: false, reason: undefined };
}

/** The same turn, whose answer cannot be kept: nothing of it is. */
export async function withoutAnswer(turn: OwnedTurn, settlement: Settlement, error: unknown): Promise<Settlement> {
  logFailure(turn, "Keeping the answer", error);
  const dropped: Settlement = { ...settlement, ...DROPPED, details: undefined };
  return settlement.status === "completed" ? withFailure(dropped, await describeFailure(turn, error)) : dropped;
}

/** The hooks' view of a settlement. */
export function settledTurn(turn: OwnedTurn, settlement: Settlement): SettledTurn {
  const { status, finalText, usage, failure } = settlement;
  return defined({ ...subjectOf(turn), finalText, outcome: status, usage, failure });
}

/** What the turn's owner is told in the end. */
export function outcomeOf({ status, finalText, usage, failure }: Settlement, persisted: boolean): TurnOutcome {
  return defined({ status, finalText, persisted, usage, failure });
}

/** The events that end the turn: the terminal, and before it the `error` that a failure has not sent yet. */
export function closingEvents(turn: OwnedTurn, settlement: Settlement): TurnEvent[] {
  const { status, usage, reason, failure, details, errorSent } = settlement;
  const said = status === "completed" ? { usage } : { reason, ...details, ...failure };
  const terminal = envelopeEvent(status, turn, said);
  return failure === undefined || errorSent ? [terminal] : [{ type: "error", data: { ...failure } }, terminal];
}

/** The producer's own `finalText()`. */
function readText({ producer }: Produced): string {
  const text: unknown = producer?.finalText();
  ignoreRejection(text);
  checkString("finalText()", text);
  return text;
}

async function transform(turn: OwnedTurn, text: string): Promise<string> {
  const { hooks } = turn;
  if (hooks.transformFinalText === undefined) return text;
  const name = "transformFinalText";
  const changed = await runHook(turn, name, () => hooks.transformFinalText?.(text, subjectOf(turn)));
  checkString(name, changed);
  return changed;
}

/** What becomes of the text of a turn that did not come to its own end (T9). */
async function partialAnswer(turn: OwnedTurn, produced: Produced): Promise<AnswerKept> {
  if (turn.partialText === "drop") return DROPPED;
  try {
    return { finalText: await transform(turn, textSoFar(turn, produced)), persist: true, complete: false };
  } catch (error) {
    // Unredacted text is never kept.
    logFailure(turn, "transformFinalText", error);
    return DROPPED;
  }
}

/**
 * What the events told; a producer whose events tell no text is asked itself, and so is one that was to go on from a
 * cursor, which may know what came before it.
 */
function textSoFar(turn: OwnedTurn, produced: Produced): string {
  const { answer, producer, spoke, resumed } = produced;
  const told = answer.text();
  const mayKnowMore = resumed === true || (spoke && !answer.touched);
  if (!mayKnowMore || producer === undefined) return told;
  try {
    const known = readText(produced);
    return known.length > told.length ? known : told;
  } catch (error) {
    logFailure(turn, "finalText", error);
    return told;
  }
}

function readUsage(turn: OwnedTurn, { producer }: Produced): TokenUsage | undefined {
  try {
    const usage: unknown = producer?.usage?.();
    ignoreRejection(usage);
    return parseUsage(usage);
  } catch (error) {
    logFailure(turn, "usage", error);
    return undefined;
  }
}
