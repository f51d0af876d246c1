import { textDelta } from "../event/known-events.ts";
import type { TurnEvent } from "../event/turn-event.ts";
import { describeValue } from "../internal/describe-value.ts";
import { fromEvents } from "./from-events.ts";
import { iterate } from "./iterate.ts";
import type { TurnProducer } from "./turn-producer.ts";

/**
 * A producer that answers with a text, whole or as it comes.
 *
 * @example
 * ```ts
 * import { fromText } from "turnwire";
 *
 * fromText("Hello world");
 * fromText((async function* () { yield "Hello "; yield "world"; })());
 * ```
 */
export function fromText(text: string | AsyncIterable<string>): TurnProducer {
  const source = typeof text === "string" ? () => [text][Symbol.iterator]() : iterate<string>(text);
  if (source === undefined) {
    throw new TypeError(`text must be a string or async iterable, got ${describeValue(text)}`);
  }
  return fromEvents(deltas({ [Symbol.asyncIterator]: source as () => AsyncIterator<string> }));
}

async function* deltas(pieces: AsyncIterable<string>): AsyncGenerator<TurnEvent> {
  for await (const piece of pieces) {
    if (typeof piece !== "string") throw new TypeError(`A piece of text must be a string, got ${describeValue(piece)}`);
    if (piece !== "") yield textDelta(piece);
  }
}
