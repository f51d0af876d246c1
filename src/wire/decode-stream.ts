import type { TurnEvent } from "../event/turn-event.ts";
import { type Check, oneOf } from "../internal/check-argument.ts";
import type { DecoderLimits, EventDecoder } from "./event-decoder.ts";
import { createNdjsonDecoder } from "./ndjson.ts";
import { createSseDecoder } from "./sse.ts";

/** How events are written as bytes. */
export type WireFormat = "ndjson" | "sse";

export const checkFormat: Check<string> = /* @__PURE__ */ oneOf("ndjson", "sse");

/**
 * Reads events from a stream of bytes. Leaving the loop early cancels the stream. Events that stand before a malformed
 * one are yielded before the error is thrown.
 *
 * @example
 * ```ts
 * import { decodeStream } from "turnwire/wire";
 *
 * const { body } = new Response('{"type":"status"}\n');
 * if (body !== null) for await (const event of decodeStream(body, "ndjson")) console.log(event.type);
 * ```
 */
export function decodeStream(
  source: ReadableStream<Uint8Array>,
  format: WireFormat,
  limits: DecoderLimits = {},
): AsyncGenerator<TurnEvent, void, undefined> {
  // Not in the generator, whose body would only refuse a misused argument when it is first read.
  checkFormat("format", format);
  if (source.locked) throw new TypeError("source is locked: somebody else reads it");
  return decodeWith(source, format === "sse" ? createSseDecoder(limits) : createNdjsonDecoder(limits));
}

/** The same with a decoder of the caller's; `wait`, which gets each read, may give it up by rejecting. */
export async function* decodeWith(
  source: ReadableStream<Uint8Array>,
  decoder: EventDecoder,
  wait = <T>(read: Promise<T>): Promise<T> => read,
): AsyncGenerator<TurnEvent, void, undefined> {
  const reader = source.getReader();
  let whole = false;
  try {
    while (!whole) {
      const { done, value } = await wait(reader.read());
      whole = done;
      const events: TurnEvent[] = [];
      try {
        if (done) decoder.end((event) => events.push(event));
        else decoder.push(value, (event) => events.push(event));
      } finally {
        // Those that stand before a malformed one come before the error.
        yield* events;
      }
    }
  } finally {
    // Cancelling a stream that is over or broken does nothing, and one that cannot be cancelled is not our failure.
    if (!whole) reader.cancel().catch(() => undefined);
    reader.releaseLock();
  }
}
