import { isTurnError, TurnError } from "../errors.ts";
import { START_CURSOR } from "../event/cursor.ts";
import type { JsonValue } from "../event/json.ts";
import type { TurnEvent } from "../event/turn-event.ts";
import { type Check, checkObject, checkString, mustBe } from "../internal/check-argument.ts";
import { defined } from "../internal/defined.ts";
import { ignoreRejection } from "../internal/ignore-rejection.ts";
import { onAbort } from "../internal/on-abort.ts";
import type { Attachment, Substrate } from "../substrate/substrate.ts";
import type { TurnInput } from "../substrate/turn-input.ts";
import { fromEvents } from "./from-events.ts";
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
 * its `lastEventId`. A stop cancels the execution; a client that leaves does not, nor does a turn that fails because it
 * cannot open or read it.
 *
 * Two handlers on one execution both run their hooks, so `persistAssistantMessage` must be keyed by `executionId`.
 *
 * @example
 * ```ts
 * import { fromSubstrate, handleChatTurn, textDelta, TurnError } from "turnwire";
 * import type { Substrate } from "turnwire/substrate";
 *
 * // The smallest place there is: it can only begin.
 * async function* answer() {
 *   yield textDelta("Hello");
 * }
 * const refuse = () => Promise.reject(new TurnError("not-supported", "Only open is there"));
 * const place: Substrate = {
 *   envelope: "none",
 *   open: async ({ executionId }) => ({ executionId, created: true, events: answer() }),
 *   attach: refuse,
 *   inspect: async () => undefined,
 *   cancel: refuse,
 *   decide: refuse,
 * };
 *
 * const { body, finished } = handleChatTurn({
 *   identity: { tenantId: "acme", sessionId: "thread-abc", userId: "ada", turnIndex: 3 },
 *   projectId: "gtm-agent",
 *   hooks: {
 *     produce: fromSubstrate(place, { input: { message: "Hello" } }),
 *     persistAssistantMessage: ({ executionId, finalText }) => console.log(executionId, finalText),
 *   },
 * });
 * console.log(await new Response(body).text());
 * console.log((await finished).status);
 * ```
 */
export function fromSubstrate(
  substrate: Substrate,
  options: FromSubstrateOptions,
): (turn: TurnContext) => Promise<TurnProducer> {
  checkObject("substrate", substrate);
  checkEnvelope("substrate.envelope", substrate.envelope);
  checkObject("options", options);
  checkObject("options.input", options.input);
  const { input, tags, priority, deadlineMs } = options;

  return async ({ identity, executionId, lastEventId = START_CURSOR, signal }) => {
    checkString("The turn's projectId or executionId", executionId);
    const ahead = (): Error => new TurnError("cursor-ahead", `Execution ${executionId} has no event ${lastEventId}`);
    let skipping = lastEventId !== START_CURSOR;
    // Before anything is started: a cursor into an execution that is gone is not answered by a new one.
    if (skipping && (await substrate.inspect(executionId)) === undefined) throw ahead();

    const request = { executionId, identity, input, tags, priority, deadlineMs, signal };
    const opening = substrate.open(defined(request));
    let cancelled: Promise<void> | undefined;
    const unlisten = onAbort(signal, () => {
      cancelled = cancel(substrate, executionId, opening, reasonText(signal.reason));
      // Whoever ends the iterator hears of it.
      ignoreRejection(cancelled);
    });
    // A turn that fails because it cannot open or read the execution fires the signal too, and is no stop: others may have
    // started it, or read it, and whoever posts the turn again finds it.
    opening.catch(unlisten);
    const producer = fromEvents((await opening).events);
    const iterator = producer.stream[Symbol.asyncIterator]();

    /** Every event is read for the answer, and those after the cursor are handed on. */
    async function next(): Promise<IteratorResult<TurnEvent>> {
      try {
        for (;;) {
          const result = await iterator.next();
          if (result.done === true) {
            // A later stop is none of the execution's.
            unlisten();
            if (skipping) throw ahead();
          } else if (skipping) {
            skipping = result.value.id !== lastEventId;
            continue;
          }
          return result;
        }
      } catch (error) {
        unlisten();
        throw error;
      }
    }

    async function end(): Promise<IteratorResult<TurnEvent>> {
      // A stop that ends the iterator may be told a moment later.
      await Promise.resolve();
      await cancelled;
      return iterator.return?.() ?? { done: true, value: undefined };
    }

    return { ...producer, stream: { [Symbol.asyncIterator]: () => ({ next, return: end }) } };
  };
}

const checkEnvelope: Check<string> = /* @__PURE__ */ mustBe(
  '"none" (where it is "stored", its owner runs the hooks: send what substrate.open gives)',
  (envelope) => envelope === "none",
);

/** Cancels the execution in the substrate itself: detaching alone would let it run on. */
async function cancel(
  substrate: Substrate,
  executionId: string,
  opening: Promise<Attachment>,
  reason: string | undefined,
): Promise<void> {
  // An open that the stop broke off may have started the execution all the same.
  await opening.catch(() => undefined);
  try {
    await substrate.cancel(executionId, defined({ reason }));
  } catch (error) {
    if (!isTurnError(error, "execution-not-found")) throw error;
  }
}
