import { textDelta } from "../event/known-events.ts";
import type { TurnEvent } from "../event/turn-event.ts";
import { checkString } from "../internal/check-argument.ts";
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
  const pieces = typeof text === "string" ? [text] : text;
  iterate("text, where it is no string,", pieces);
  return fromEvents(deltas(pieces));
}

async function* deltas(pieces: AsyncIterable<string> | Iterable<string>): AsyncGenerator<TurnEvent> {
  for await (const piece of pieces) {
    checkString("A piece of text", piece);
    if (piece !== "") yield textDelta(piece);
  }
}
