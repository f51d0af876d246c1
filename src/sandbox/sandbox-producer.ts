import { TurnError } from "../errors.ts";
import { createTextAccumulator } from "../event/text-accumulator.ts";
import type { TurnEvent } from "../event/turn-event.ts";
import { checkFunction, checkObject, checkOptionalFunction } from "../internal/check-argument.ts";
import { systemClock } from "../internal/clock.ts";
import { fromSubstrate } from "../turn/from-substrate.ts";
import type { TurnContext, TurnProducer } from "../turn/turn-producer.ts";
import type { TurnInput } from "../substrate/turn-input.ts";
import { readEvents } from "./event-reader.ts";
import { toTurnError } from "./follow-run.ts";
import type { SandboxOptions } from "./sandbox-options.ts";
import type { SandboxBox, SandboxEvent, SandboxPromptOptions } from "./sandbox-sdk.ts";
import { sandboxSubstrate } from "./sandbox-substrate.ts";
import { canReconnect, readBox } from "./sdk-transport.ts";
import { EventTidier } from "./tidy-events.ts";

export interface SandboxProducerOptions extends SandboxOptions {
  /** What is asked of the agent in the sandbox. */
  readonly message: TurnInput["message"];
  /** The sandbox's session. Default: as for `sandboxSubstrate`; with SDK 0.1.x the turn's own session. */
  readonly sessionId?: string;
}

/**
 * A `produce` hook over a sandbox's SDK object. With an SDK that knows execution ids, and a turn that has one, the turn
 * reaches its run whatever happens to connections and processes: it is dispatched once, and found again after that. SDK
 * 0.1.x has neither; there, a stream that is cut off fails the turn, and the prompt is not sent again.
 *
 * @example
 * ```ts no-run
 * import { handleChatTurn } from "turnwire";
 * import { type SandboxBox, sandboxProducer } from "turnwire/sandbox";
 *
 * declare const box: SandboxBox; // what the SDK's client.create() or client.get() gives
 *
 * const { body } = handleChatTurn({
 *   identity: { tenantId: "acme", sessionId: "thread-abc", userId: "ada", turnIndex: 3 },
 *   projectId: "gtm-agent",
 *   hooks: {
 *     produce: sandboxProducer(box, { message: "Hello" }),
 *     persistAssistantMessage: ({ executionId, finalText }) => console.log(executionId, finalText),
 *   },
 * });
 * ```
 */
export function sandboxProducer(box: SandboxBox, options: SandboxProducerOptions): (turn: TurnContext) => TurnProducer {
  checkObject("box", box);
  checkFunction("box.streamPrompt", (box as { readonly streamPrompt?: unknown }).streamPrompt);
  checkObject("options", options);
  const { message, sessionId, ...sandbox } = options;
  checkOptionalFunction("options.sessionOf", sandbox.sessionOf);
  if (typeof message !== "string" && !Array.isArray(message)) {
    throw new TypeError("options.message must be a string or a list of parts");
  }
  const once = (turn: TurnContext): TurnProducer => answeredBy(() => streamOnce(box, options, turn));
  if (!canReconnect(box)) return once;
  const own = sessionId === undefined ? {} : { sessionOf: () => sessionId };
  const substrate = sandboxSubstrate({ box }, { whenExpired: "result", ...own, ...sandbox });
  const produce = fromSubstrate(substrate, { input: { message } });
  return (turn) =>
    // A turn without an id cannot be found again, by nobody.
    turn.executionId === undefined ? once(turn) : producerLater(() => produce(turn));
}

/** A producer that takes a moment to come. It knows the whole answer, of which its stream may be only the end. */
function producerLater(produce: () => Promise<TurnProducer>): TurnProducer {
  let producer: TurnProducer | undefined;
  let opening: Promise<AsyncIterator<TurnEvent>> | undefined;
  async function open(): Promise<AsyncIterator<TurnEvent>> {
    producer = await produce();
    return producer.stream[Symbol.asyncIterator]();
  }
  return {
    stream: {
      [Symbol.asyncIterator]: () => ({
        next: async () => (await (opening ??= open())).next(),
        async return() {
          // Nothing is opened to be closed; an open that failed has nothing to close.
          const iterator = await opening?.catch(() => undefined);
          await iterator?.return?.();
          return { done: true, value: undefined };
        },
      }),
    },
    finalText: () => producer?.finalText() ?? "",
    usage: () => producer?.usage?.(),
  };
}

/** Reads the answer off the events that pass. */
function answeredBy(stream: () => AsyncIterable<TurnEvent>): TurnProducer {
  const answer = createTextAccumulator();
  return {
    stream: {
      [Symbol.asyncIterator]() {
        const iterator = stream()[Symbol.asyncIterator]();
        return {
          async next() {
            const result = await iterator.next();
            if (result.done !== true) answer.add(result.value);
            return result;
          },
          return: async () => (await iterator.return?.()) ?? { done: true, value: undefined },
        };
      },
    },
    finalText: () => answer.text(),
    usage: () => answer.usage(),
  };
}

/** One call of the SDK, with what every version of it knows. */
function streamOnce(box: SandboxBox, options: SandboxProducerOptions, turn: TurnContext): AsyncIterable<TurnEvent> {
  const { message, sessionId = turn.identity.sessionId, model, timeoutMs, context } = options;
  const { clock = systemClock, stallMs = 60_000, secrets = [] } = options;
  const leaving = new AbortController();
  const prompt: SandboxPromptOptions = {
    sessionId,
    ...(model === undefined ? {} : { model }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(context === undefined ? {} : { context }),
    signal: leaving.signal,
  };
  const { batches } = readBox(box, message, prompt, { clock, stallMs, secrets });
  return readEvents({
    batches: untilDone(batches),
    tidier: new EventTidier(),
    leave: () => leaving.abort(),
    recover: (error) => Promise.reject(toTurnError(error) as Error),
  });
}

async function* untilDone(
  batches: AsyncIterable<readonly SandboxEvent[]>,
): AsyncGenerator<readonly SandboxEvent[], void, undefined> {
  let finished = false;
  for await (const batch of batches) {
    yield batch;
    if (batch.some(({ type }) => type === "done")) return;
    finished ||= batch.some(({ type }) => type === "result");
  }
  if (finished) return;
  throw new TurnError(
    "truncated-stream",
    "The sandbox's stream was cut off, and without an SDK and a turn that have execution ids it cannot be found again",
    // The prompt would be sent a second time.
    { retryable: false },
  );
}
