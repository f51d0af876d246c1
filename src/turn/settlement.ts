import type { TurnFailure, TurnOutcome } from "../event/outcome.ts";
import type { TurnEvent } from "../event/turn-event.ts";
import { parseUsage, type TokenUsage } from "../event/usage.ts";
import { TurnError } from "../errors.ts";
import { describeValue } from "../internal/describe-value.ts";
import { ignoreRejection } from "../internal/ignore-rejection.ts";
import type { SettledTurn } from "./chat-turn-hooks.ts";
import { describeFailure } from "./describe-error.ts";
import { cancelledEvent, completedEvent, errorEvent, failedEvent } from "./envelope.ts";
import type { Produced } from "./produce-turn.ts";
import { runHook, subject } from "./run-hook.ts";
import { type OwnedTurn, subjectOf } from "./turn-owner.ts";

/** What a turn has come to, before its hooks run: plain data, so that an owner can keep it and go on from it. */
export interface Settlement {
  readonly status: TurnOutcome["status"];
  /** After `transformFinalText`. */
  readonly finalText: string;
  readonly usage?: TokenUsage;
  readonly failure?: TurnFailure;
  /** What the producer's own failure event carried beside the message. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly reason?: string;
  /** Whether the client has seen an `error` event already. */
  readonly errorSent: boolean;
  readonly persist: boolean;
  /** Whether `onTurnComplete` follows a persist. */
  readonly complete: boolean;
}

/** Reads what the producer came to, and asks for the final text where it is wanted. Never throws. */
export async function concludeTurn(turn: OwnedTurn, produced: Produced): Promise<Settlement> {
  const { end, reports } = produced;
  const usage = readUsage(turn, produced);
  const common = { errorSent: reports.errorSent, ...(usage === undefined ? {} : { usage }) };
  switch (end.how) {
    case "drained":
      if (reports.failure !== undefined) {
        const text = await finalText(turn, produced);
        const reported = { ...common, ...reports.failure };
        // The report is what the client is told; a final text that fails too is for the log.
        if (!text.ok) turn.log("The final text failed in a turn that failed", { ...subject(turn), error: text.error });
        return text.ok
          ? { ...reported, status: "failed", finalText: text.value, persist: true, complete: true }
          : { ...reported, status: "failed", finalText: "", persist: false, complete: false };
      }
      if (reports.cancelled !== undefined) {
        return { ...common, ...reports.cancelled, ...(await partial(turn, produced)), status: "cancelled" };
      }
      return completeOrFail(turn, await finalText(turn, produced), common);
    case "stopped": {
      const why = produced.reason === undefined ? {} : { reason: produced.reason };
      return { ...common, ...why, ...(await partial(turn, produced)), status: "cancelled" };
    }
    case "threw":
      return failedBy(turn, produced, end.error, common);
    case "suspended": {
      const message = "The turn asks a person and ends, and only a turn of the run engine can wait for one";
      return failedBy(turn, produced, new TurnError("unsupported-suspension", message), common);
    }
  }
}

/** The same turn, when keeping its answer has failed (T4). */
export function withFailure(settlement: Settlement, failure: TurnFailure): Settlement {
  const { reason: _reason, ...rest } = settlement;
  const failed = { ...rest, status: "failed" } as const;
  // A turn that had failed already says why it failed first; an error event of one that had not was about something else.
  return settlement.failure === undefined ? { ...failed, failure, errorSent: false } : failed;
}

/** The hooks' view of a settlement. */
export function settledTurn(turn: OwnedTurn, settlement: Settlement): SettledTurn {
  const { status, finalText, usage, failure } = settlement;
  return {
    ...subjectOf(turn),
    finalText,
    outcome: status,
    ...(usage === undefined ? {} : { usage }),
    ...(failure === undefined ? {} : { failure }),
  };
}

/** The events that end the turn: the terminal, and before it the `error` that a failure has not sent yet. */
export function closingEvents(turn: OwnedTurn, settlement: Settlement): TurnEvent[] {
  switch (settlement.status) {
    case "completed":
      return [completedEvent(turn, settlement.usage)];
    case "cancelled":
      return [cancelledEvent(turn, settlement.reason)];
    case "failed": {
      const failure = settlement.failure ?? { message: "The turn failed" };
      const terminal = failedEvent(turn, failure, settlement.details);
      return settlement.errorSent ? [terminal] : [errorEvent(failure), terminal];
    }
  }
}

type Text = { readonly ok: true; readonly value: string } | { readonly ok: false; readonly error: unknown };
type Common = Pick<Settlement, "errorSent" | "usage">;

async function completeOrFail(turn: OwnedTurn, text: Text, common: Common): Promise<Settlement> {
  if (text.ok) return { ...common, status: "completed", finalText: text.value, persist: true, complete: true };
  const failure = await describe(turn, text.error);
  return { ...common, status: "failed", finalText: "", failure, persist: false, complete: false };
}

async function failedBy(turn: OwnedTurn, produced: Produced, error: unknown, common: Common): Promise<Settlement> {
  const failure = await describe(turn, error);
  const details = produced.reports.failure?.details;
  const kept = await partial(turn, produced);
  // An error event that was sent for another failure does not tell of this one.
  const errorSent = common.errorSent && produced.reports.failure?.failure.message === failure.message;
  const more = details === undefined ? {} : { details };
  return { ...common, errorSent, ...kept, status: "failed", failure, ...more };
}

export function describe(turn: OwnedTurn, error: unknown): Promise<TurnFailure> {
  const { clock, describeError } = turn;
  return describeFailure(error, {
    clock,
    ...(describeError === undefined ? {} : { describeError }),
    report: (message, cause) => turn.log(message, { ...subject(turn), error: cause }),
  });
}

/** `finalText()` and then `transformFinalText`. */
async function finalText(turn: OwnedTurn, { producer }: Produced): Promise<Text> {
  try {
    const text: unknown = producer?.finalText();
    if (typeof text !== "string") {
      ignoreRejection(text);
      return { ok: false, error: new TypeError(`finalText() must return a string, got ${describeValue(text)}`) };
    }
    return await transform(turn, text);
  } catch (error) {
    return { ok: false, error };
  }
}

async function transform(turn: OwnedTurn, text: string): Promise<Text> {
  if (turn.hooks.transformFinalText === undefined) return { ok: true, value: text };
  const result = await runHook(turn, "transformFinalText", () =>
    turn.hooks.transformFinalText?.(text, subjectOf(turn)),
  );
  if (!result.ok) return result;
  if (typeof result.value === "string") return { ok: true, value: result.value };
  const error = new TypeError(`transformFinalText must return a string, got ${describeValue(result.value)}`);
  return { ok: false, error };
}

/** What becomes of the text of a turn that did not come to its own end (T9). */
async function partial(
  turn: OwnedTurn,
  produced: Produced,
): Promise<Pick<Settlement, "finalText" | "persist" | "complete">> {
  if (turn.partialText === "drop") return { finalText: "", persist: false, complete: false };
  const text = await transform(turn, textSoFar(turn, produced));
  if (text.ok) return { finalText: text.value, persist: true, complete: false };
  // Unredacted text is never kept.
  turn.log("transformFinalText failed for a partial answer, which is dropped", { ...subject(turn), error: text.error });
  return { finalText: "", persist: false, complete: false };
}

/** What the events told; a producer whose events tell no text is asked itself. */
function textSoFar(turn: OwnedTurn, { answer, producer, spoke }: Produced): string {
  if (answer.touched || !spoke || producer === undefined) return answer.text();
  try {
    const text: unknown = producer.finalText();
    if (typeof text === "string") return text;
    ignoreRejection(text);
  } catch (error) {
    turn.log("finalText() failed for a partial answer", { ...subject(turn), error });
  }
  return "";
}

function readUsage(turn: OwnedTurn, { producer }: Produced): TokenUsage | undefined {
  try {
    const usage: unknown = producer?.usage?.();
    ignoreRejection(usage);
    return parseUsage(usage);
  } catch (error) {
    turn.log("usage() failed", { ...subject(turn), error });
    return undefined;
  }
}
