import type { Cursor } from "../event/cursor.ts";
import { isTerminal, type TurnEvent } from "../event/turn-event.ts";
import { isTurnError, TurnError } from "../errors.ts";
import { type Check, mustBe } from "../internal/check-argument.ts";
import { type Clock, systemClock } from "../internal/clock.ts";
import { defined } from "../internal/defined.ts";
import { clip } from "../internal/describe-value.ts";
import { fieldsOf } from "../internal/fields-of.ts";
import { checkFormat, decodeStream, type WireFormat } from "../wire/decode-stream.ts";
import { type DecoderLimits, resolveLimits } from "../wire/event-decoder.ts";
import { refusalOf } from "./refusal.ts";
import { TruncatedStreamError } from "./truncated-stream-error.ts";

export interface ReadTurnOptions extends DecoderLimits {
  /** How the bytes are written. Default: what a `Response` says of itself, else `ndjson`. */
  readonly format?: WireFormat;
  /** Time, for tests. */
  readonly clock?: Clock;
}

/**
 * Reads a turn's events from a response or its body. It ends after the terminal event; a stream that ends or breaks
 * without one is a {@link TruncatedStreamError}, and a response that is no turn (a refusal) a `TurnError`.
 *
 * @example
 * ```ts
 * import { readTurn } from "turnwire/client";
 *
 * const response = new Response('{"type":"session.run.completed","data":{"sessionId":"s"}}\n');
 * for await (const event of readTurn(response)) console.log(event.type);
 * ```
 */
export function readTurn(
  source: Response | ReadableStream<Uint8Array>,
  options: ReadTurnOptions = {},
): AsyncIterableIterator<TurnEvent> {
  const { format, clock = systemClock, ...limits } = options;
  checkSource("source", source);
  if (format !== undefined) checkFormat("format", format);
  resolveLimits(limits);
  return read(source, format, limits, clock);
}

async function* read(
  source: Response | ReadableStream<Uint8Array>,
  format: WireFormat | undefined,
  limits: DecoderLimits,
  clock: Clock,
): AsyncGenerator<TurnEvent, void, undefined> {
  const response = "headers" in source ? source : undefined;
  if (response?.ok === false) throw await refusalOf(response, clock);
  const body = "headers" in source ? source.body : source;
  let lastEventId: Cursor | undefined;
  try {
    if (body === null) throw new Error("the response has no body");
    for await (const event of decodeStream(body, format ?? formatOf(response), limits)) {
      lastEventId = event.id ?? lastEventId;
      yield event;
      if (isTerminal(event)) return;
    }
    throw new Error("it ended without a terminal event");
  } catch (cause) {
    // Bytes that broke off are a truncation, bytes that are wrong are not.
    if (isTurnError(cause) && cause.code !== "truncated-stream") throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new TruncatedStreamError(`The stream broke off: ${why}`, defined({ cause, lastEventId }));
  }
}

const checkSource: Check<Response | ReadableStream> = /* @__PURE__ */ mustBe(
  "a Response or ReadableStream that nobody reads",
  (source) => {
    const { getReader, headers, body, bodyUsed, locked = fieldsOf(body)["locked"] } = fieldsOf(source);
    return (typeof getReader === "function" || headers !== undefined) && bodyUsed !== true && locked !== true;
  },
);

function formatOf(response: Response | undefined): WireFormat {
  const type = (response?.headers.get("content-type") ?? "").toLowerCase();
  if (type.startsWith("text/event-stream")) return "sse";
  if (!type.startsWith("text/html")) return "ndjson";
  // A page of HTML in front of the service answers 200 too. Nobody reads it, so its connection is given back.
  response?.body?.cancel().catch(() => undefined);
  throw new TurnError("upstream-failed", `Expected events, got ${clip(type, 100)}`);
}
