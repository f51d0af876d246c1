import { createTextAccumulator, type TextAccumulator } from "../event/text-accumulator.ts";
import { checkEvent, type TurnEvent } from "../event/turn-event.ts";
import type { Cursor } from "../event/cursor.ts";
import { TurnError } from "../errors.ts";
import { abortWith } from "../internal/abort-with.ts";
import { checkFunction, checkObject } from "../internal/check-argument.ts";
import { defined } from "../internal/defined.ts";
import { isText } from "../internal/is-text.ts";
import { onAbort } from "../internal/on-abort.ts";
import type { ChatTurnHooks } from "./chat-turn-hooks.ts";
import { iterate, type LooseIterator } from "./iterate.ts";
import { ProducerReports } from "./producer-reports.ts";
import { pump } from "./pump.ts";
import { attempt, logFailure } from "./run-hook.ts";
import type { TurnProducer } from "./turn-producer.ts";
import { type OwnedTurn, subjectOf } from "./turn-owner.ts";

/** How a producer came to its end. */
export type ProducerEnd =
  | { readonly how: "drained" }
  | { readonly how: "stopped" }
  /** It asks a person and ended; the error is for an owner that cannot wait for one (T10). */
  | { readonly how: "suspended"; readonly error: unknown }
  | { readonly how: "threw"; readonly error: unknown };

/** What one run of the producer came to. */
export interface Produced {
  readonly end: ProducerEnd;
  readonly reports: ProducerReports;
  /** The answer as far as the events told it; read only where a partial text may be kept. */
  readonly answer: TextAccumulator;
  /** Absent when `produce` gave none. */
  readonly producer?: TurnProducer | undefined;
  /** Whether it yielded anything. */
  readonly spoke: boolean;
  /** Whether the client has the beginning already, so that the events may have told only the rest. */
  readonly resumed?: boolean;
  /** Why it was stopped. */
  readonly reason?: string | undefined;
}

export interface ProduceOptions {
  readonly produce: ChatTurnHooks["produce"];
  readonly emit: (event: TurnEvent) => Promise<void> | undefined;
  /** Fires to end the turn: by a person, or by the owner itself. */
  readonly stop: AbortSignal;
  readonly lastEventId?: Cursor | undefined;
  /** What earlier runs of the same turn have said already. */
  readonly answer?: TextAccumulator;
}

/**
 * The first half of a turn: from calling `produce` until its stream is drained, has failed, was stopped (T6) or asks a
 * person and ends (T10). Every event passes to `emit`, except the producer's own envelope (T1). Never throws.
 */
export async function produceTurn(turn: OwnedTurn, options: ProduceOptions): Promise<Produced> {
  const { produce, emit, stop, lastEventId, answer = createTextAccumulator() } = options;
  const keepsText = turn.partialText === "keep" || options.answer !== undefined;
  const reports = new ProducerReports();
  const halt = new AbortController();
  let open = true;
  let spoke = false;
  let producer: TurnProducer | undefined;
  let iterator: LooseIterator<TurnEvent> | undefined;

  function accept(event: TurnEvent): Promise<void> | undefined {
    checkEvent(event);
    spoke = true;
    if (keepsText) answer.add(event);
    return reports.take(event) ? emit(event) : undefined;
  }

  let unlisten = (): void => undefined;
  let end = await new Promise<ProducerEnd>((resolve) => {
    const drained = (): void => resolve({ how: "drained" });
    const failed = (error: unknown): void => resolve({ how: "threw", error });

    async function start(): Promise<void> {
      try {
        const given = await produce(defined({ ...subjectOf(turn), lastEventId, signal: halt.signal }));
        const opened = openIterator(given);
        // It came too late: nobody will read it.
        if (!open) return abandon(turn, opened);
        producer = given;
        iterator = opened;
        pump(iterator, accept, { isOpen: () => open, drained, failed });
      } catch (error) {
        if (!open) logFailure(turn, "produce", error);
        failed(error);
      }
    }

    // Before `produce` is called: it may itself bring the stop about, and then hang.
    unlisten = onAbort(stop, () => {
      open = false;
      abortWith(halt, stop.reason);
      resolve({ how: "stopped" });
    });
    if (open) void start();
  });
  unlisten();
  open = false;

  if (end.how === "drained") {
    const message = "The turn asks a person and ends, and only a turn of the run engine can wait for one";
    if (reports.waits) end = { how: "suspended", error: new TurnError("unsupported-suspension", message) };
  } else {
    if (iterator !== undefined) void abandon(turn, iterator);
    // A producer whose event was refused still works and pays: tell it. One that threw a response most often passed its
    // signal to the fetch that gave it: firing would take the body away, which says what was wrong.
    if (end.how === "threw" && !isResponse(end.error)) abortWith(halt, end.error);
  }
  const reason = end.how === "stopped" ? reasonText(stop.reason) : undefined;
  return { end, reports, answer, producer, spoke, resumed: lastEventId !== undefined, reason };
}

function isResponse(error: unknown): boolean {
  try {
    return error instanceof Response;
  } catch {
    // A value whose class cannot even be asked for.
    return false;
  }
}

function openIterator(producer: TurnProducer): LooseIterator<TurnEvent> {
  checkObject("What produce returned", producer);
  checkFunction("The producer's finalText", (producer as { readonly finalText: unknown }).finalText);
  return iterate<TurnEvent>("The producer's stream", producer.stream)();
}

/** Tells an iterator that nobody reads on. Not awaited: one that hangs in `next()` never answers. */
function abandon(turn: OwnedTurn, iterator: LooseIterator<TurnEvent>): Promise<void> {
  return attempt(turn, "The producer's return()", () => iterator.return?.());
}

/** A stop's reason, as far as a person gave one. */
export function reasonText(reason: unknown): string | undefined {
  try {
    // A bare `abort()` brings an AbortError, whose message tells nobody anything.
    const said: unknown = reason instanceof Error && reason.name !== "AbortError" ? reason.message : reason;
    return isText(said) ? said : undefined;
  } catch {
    // Anything may be a reason, also a value that cannot be read.
    return undefined;
  }
}
