import { createTextAccumulator } from "../event/text-accumulator.ts";
import type { TurnEvent } from "../event/turn-event.ts";
import { iterate } from "./iterate.ts";
import type { TurnProducer } from "./turn-producer.ts";

/**
 * A producer around a stream of events; the final text and the usage are read off the events themselves: deltas are
 * appended, a cumulative text replaces, and a `result` event's `finalText` wins.
 *
 * @example
 * ```ts
 * import { fromEvents, textDelta } from "turnwire";
 *
 * async function* agent() {
 *   yield textDelta("Hello ");
 *   yield textDelta("world");
 * }
 * const producer = fromEvents(agent());
 * ```
 */
export function fromEvents(stream: AsyncIterable<TurnEvent>): TurnProducer {
  const answer = createTextAccumulator();
  const source = iterate<TurnEvent>("stream", stream);
  const note = (result: IteratorResult<TurnEvent>): void => {
    try {
      if (!result.done) answer.add(result.value);
    } catch {
      // What is no event, or cannot be read, is refused by the turn, which reads it next.
    }
  };
  return {
    stream: {
      [Symbol.asyncIterator]() {
        const iterator = source();
        return {
          next() {
            const result = Promise.resolve(iterator.next());
            // Beside the reader's own `then`, and before it: a promise in between would cost each event a detour. Where
            // it rejects, the reader has the same promise, and its failure with it.
            result.then(note, () => undefined);
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
