import { createTextAccumulator, type TextAccumulator } from "../event/text-accumulator.ts";
import { checkEvent, type TurnEvent } from "../event/turn-event.ts";
import type { Cursor } from "../event/cursor.ts";
import { abortWith } from "../internal/abort-with.ts";
import { checkFunction, checkObject } from "../internal/check-argument.ts";
import { describeValue } from "../internal/describe-value.ts";
import type { ChatTurnHooks } from "./chat-turn-hooks.ts";
import { iterate, type LooseIterator } from "./iterate.ts";
import { ProducerReports } from "./producer-reports.ts";
import { pump, type PumpEnd } from "./pump.ts";
import { subject } from "./run-hook.ts";
import type { TurnContext, TurnProducer } from "./turn-producer.ts";
import { type OwnedTurn, subjectOf } from "./turn-owner.ts";

/** What one run of the producer came to. */
export interface Produced {
  readonly end: PumpEnd | { readonly how: "suspended" };
  readonly reports: ProducerReports;
  /** The answer as far as the events told it; read only where a partial text may be kept. */
  readonly answer: TextAccumulator;
  /** Absent when `produce` gave none. */
  readonly producer?: TurnProducer;
  /** Whether it yielded anything. */
  readonly spoke: boolean;
  /** Why it was stopped. */
  readonly reason?: string;
}

export interface ProduceOptions {
  readonly produce: ChatTurnHooks["produce"];
  readonly emit: (event: TurnEvent) => Promise<void> | undefined;
  /** Fires to end the turn: by a person, or by the owner itself. */
  readonly stop: AbortSignal;
  readonly lastEventId?: Cursor;
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
  const forwardStop = (): void => abortWith(halt, stop.reason);
  let spoke = false;
  let producer: TurnProducer | undefined;

  function accept(event: TurnEvent): Promise<void> | undefined {
    checkEvent(event);
    spoke = true;
    if (keepsText) answer.add(event);
    return reports.take(event) ? emit(event) : undefined;
  }

  async function run(): Promise<PumpEnd> {
    if (stop.aborted) return { how: "stopped" };
    stop.addEventListener("abort", forwardStop);
    try {
      const context: TurnContext = {
        ...subjectOf(turn),
        ...(lastEventId === undefined ? {} : { lastEventId }),
        signal: halt.signal,
      };
      const started = await startProducer(turn, () => produce(context), stop);
      if (started === undefined) return { how: "stopped" };
      producer = started.producer;
      const end = await pump(started.iterator, accept, stop);
      if (end.how !== "drained") abandon(turn, started.iterator);
      // A producer whose event was refused still works and pays: tell it. One that threw a response most often passed
      // its signal to the fetch that gave it: firing would take the body away, which says what was wrong.
      if (end.how === "threw" && !isResponse(end.error)) abortWith(halt, end.error);
      return end;
    } catch (error) {
      return { how: "threw", error };
    } finally {
      stop.removeEventListener("abort", forwardStop);
    }
  }

  const end = await run();
  const reason = end.how === "stopped" ? reasonText(stop.reason) : undefined;
  return {
    end: end.how === "drained" && reports.waits ? { how: "suspended" } : end,
    reports,
    answer,
    ...(producer === undefined ? {} : { producer }),
    spoke,
    ...(reason === undefined ? {} : { reason }),
  };
}

/** Calls `produce` and begins to iterate; undefined when a stop came first. */
async function startProducer(
  turn: OwnedTurn,
  produce: () => TurnProducer | Promise<TurnProducer>,
  stop: AbortSignal,
): Promise<{ producer: TurnProducer; iterator: LooseIterator<TurnEvent> } | undefined> {
  return new Promise((resolve, reject) => {
    const onStop = (): void => resolve(undefined);
    // Before `produce` is called: it may itself bring the stop about, and then hang.
    stop.addEventListener("abort", onStop);
    void (async () => {
      try {
        const producer = await produce();
        const iterator = openIterator(producer);
        // It came too late: nobody will read it.
        if (stop.aborted) abandon(turn, iterator);
        else resolve({ producer, iterator });
      } catch (error) {
        if (stop.aborted) turn.log("produce failed after the turn was stopped", { ...subject(turn), error });
        reject(error as Error);
      } finally {
        stop.removeEventListener("abort", onStop);
      }
    })();
  });
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
  const open = iterate<TurnEvent>(producer.stream);
  if (open === undefined) {
    throw new TypeError(`The producer's stream must be async iterable, got ${describeValue(producer.stream)}`);
  }
  return open();
}

/** Tells an iterator that nobody reads on. Not awaited: one that hangs in `next()` never answers. */
function abandon(turn: OwnedTurn, iterator: LooseIterator<TurnEvent>): void {
  const failed = (error: unknown): void =>
    turn.log("The producer failed while it was ended", { ...subject(turn), error });
  try {
    const result: unknown = iterator.return?.();
    if (result instanceof Promise) result.catch(failed);
  } catch (error) {
    failed(error);
  }
}

/** A stop's reason, as far as a person gave one. */
export function reasonText(reason: unknown): string | undefined {
  try {
    // A bare `abort()` brings an AbortError, whose message tells nobody anything.
    const said: unknown = reason instanceof Error && reason.name !== "AbortError" ? reason.message : reason;
    return typeof said === "string" && said !== "" ? said : undefined;
  } catch {
    // Anything may be a reason, also a value that cannot be read.
    return undefined;
  }
}
