import { isTurnError, TurnError } from "../errors.ts";
import { START_CURSOR } from "../event/cursor.ts";
import type { JsonValue } from "../event/json.ts";
import { createTextAccumulator } from "../event/text-accumulator.ts";
import type { TurnEvent } from "../event/turn-event.ts";
import { checkObject, checkOneOf } from "../internal/check-argument.ts";
import type { Attachment, Substrate } from "../substrate/substrate.ts";
import type { TurnInput } from "../substrate/turn-input.ts";
import { reasonText } from "./produce-turn.ts";
import type { TurnContext, TurnProducer } from "./turn-producer.ts";

/** What is asked of the substrate; identity, id and cursor come from the turn. */
export interface FromSubstrateOptions {
  readonly input: TurnInput;
  readonly tags?: Readonly<Record<string, JsonValue>>;
  readonly priority?: number;
  readonly deadlineMs?: number;
}

/**
 * A `produce` hook over a substrate whose log holds the agent's raw events: it attaches to the turn's execution, or
 * starts it. The log is read from its start, because the hooks need the whole answer; the client gets what comes after
 * its `lastEventId`. A stop cancels the execution; a client that leaves does not.
 *
 * Two handlers on one execution both run their hooks, so `persistAssistantMessage` must be keyed by `executionId`.
 *
 * @example
 * ```ts no-run
 * import { fromSubstrate, handleChatTurn } from "turnwire";
 * import type { Substrate } from "turnwire/substrate";
 *
 * declare const sandbox: Substrate;
 *
 * const { body } = handleChatTurn({
 *   identity: { tenantId: "acme", sessionId: "thread-abc", userId: "ada", turnIndex: 3 },
 *   projectId: "gtm-agent",
 *   hooks: {
 *     produce: fromSubstrate(sandbox, { input: { message: "Hello" } }),
 *     persistAssistantMessage: ({ executionId, finalText }) => console.log(executionId, finalText),
 *   },
 * });
 * ```
 */
export function fromSubstrate(
  substrate: Substrate,
  options: FromSubstrateOptions,
): (turn: TurnContext) => Promise<TurnProducer> {
  checkObject("substrate", substrate);
  checkOneOf("substrate.envelope", substrate.envelope, ["stored", "none"]);
  if (substrate.envelope === "stored") {
    throw new TypeError(
      "This substrate's log holds whole turns, and its owner runs the hooks: send what substrate.open gives instead",
    );
  }
  checkObject("options", options);
  checkObject("options.input", options.input);
  const { input, tags, priority, deadlineMs } = options;
  const wishes = {
    input,
    ...(tags === undefined ? {} : { tags }),
    ...(priority === undefined ? {} : { priority }),
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
  };

  return async ({ identity, executionId, lastEventId, signal }) => {
    if (executionId === undefined) {
      throw new TypeError("The turn has no executionId to find its execution by: pass projectId or executionId");
    }
    const after = lastEventId === START_CURSOR ? undefined : lastEventId;
    // Before anything is started: a cursor into an execution that is gone is not answered by a new one.
    if (after !== undefined && (await substrate.inspect(executionId)) === undefined) {
      throw new TurnError("cursor-ahead", `There is no execution ${executionId} that event ${after} could be of`);
    }
    const opening = substrate.open({ executionId, identity, ...wishes, signal });
    const stop = cancelOnStop(substrate, executionId, opening, signal);
    const { events } = await opening;
    return readOn(events, after, stop);
  };
}

interface Stop {
  /** What came of the stop, if there was one. */
  readonly cancelled: Promise<void> | undefined;
  /** The stream has ended: a later stop is none of the execution's. */
  end(): void;
}

/** Cancels the execution when the turn is stopped, in the substrate itself: detaching alone would let it run on. */
function cancelOnStop(
  substrate: Substrate,
  executionId: string,
  opening: Promise<Attachment>,
  signal: AbortSignal,
): Stop {
  let cancelled: Promise<void> | undefined;

  async function cancel(): Promise<void> {
    // An open that the stop broke off may have started the execution all the same.
    await opening.catch(() => undefined);
    const reason = reasonText(signal.reason);
    try {
      await substrate.cancel(executionId, reason === undefined ? {} : { reason });
    } catch (error) {
      if (!isTurnError(error, "execution-not-found")) throw error;
    }
  }

  const onStop = (): void => {
    cancelled = cancel();
    // Whoever ends the iterator hears of it.
    cancelled.catch(() => undefined);
  };
  if (signal.aborted) onStop();
  else signal.addEventListener("abort", onStop, { once: true });
  return {
    get cancelled() {
      return cancelled;
    },
    end: () => signal.removeEventListener("abort", onStop),
  };
}

/** Reads every event for the answer, and hands on those after the cursor. */
function readOn(events: AsyncIterable<TurnEvent>, after: string | undefined, stop: Stop): TurnProducer {
  const answer = createTextAccumulator();
  return {
    stream: {
      [Symbol.asyncIterator]() {
        const iterator = events[Symbol.asyncIterator]();
        let skipping = after !== undefined;
        return {
          async next() {
            for (;;) {
              const result = await iterator.next();
              if (result.done === true) {
                stop.end();
                if (skipping) throw new TurnError("cursor-ahead", `The execution ended without an event ${after}`);
                return result;
              }
              answer.add(result.value);
              if (!skipping) return result;
              skipping = result.value.id !== after;
            }
          },
          async return() {
            // A stop that ends the iterator may be told a moment later.
            await Promise.resolve();
            await stop.cancelled;
            await iterator.return?.();
            return { done: true, value: undefined };
          },
        };
      },
    },
    finalText: () => answer.text(),
    usage: () => answer.usage(),
  };
}
