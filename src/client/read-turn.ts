import type { Cursor } from "../event/cursor.ts";
import { isTerminal, type TurnEvent } from "../event/turn-event.ts";
import { isTurnError, TurnError } from "../errors.ts";
import { checkOneOf } from "../internal/check-argument.ts";
import { type Clock, systemClock } from "../internal/clock.ts";
import { clip, describeValue } from "../internal/describe-value.ts";
import { decodeStream, type WireFormat } from "../wire/decode-stream.ts";
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
  if (!isResponse(source) && !isStream(source)) {
    throw new TypeError(`source must be a Response or a ReadableStream, got ${describeValue(source)}`);
  }
  const { format, clock = systemClock, ...limits } = options;
  if (format !== undefined) checkOneOf("format", format, ["ndjson", "sse"]);
  resolveLimits(limits);
  if (isResponse(source) ? source.bodyUsed || source.body?.locked === true : source.locked) {
    throw new TypeError("source is read already, or locked by somebody who reads it");
  }
  return read(source, format, limits, clock);
}

async function* read(
  source: Response | ReadableStream<Uint8Array>,
  format: WireFormat | undefined,
  limits: DecoderLimits,
  clock: Clock,
): AsyncGenerator<TurnEvent, void, undefined> {
  if (isResponse(source) && !source.ok) throw await refusalOf(source, clock);
  const body = isResponse(source) ? source.body : source;
  let lastEventId: Cursor | undefined;
  const truncated = (message: string, cause?: { readonly cause: unknown }): TruncatedStreamError =>
    new TruncatedStreamError(message, { ...cause, ...(lastEventId === undefined ? {} : { lastEventId }) });
  if (body === null) throw truncated("The response has no body");

  const events = decodeStream(body, format ?? (isResponse(source) ? formatOf(source) : "ndjson"), limits);
  try {
    for (;;) {
      const { done, value: event } = await nextOf(events, truncated);
      if (done === true) throw truncated("The stream ended without a terminal event");
      if (event.id !== undefined) lastEventId = event.id;
      yield event;
      if (isTerminal(event)) return;
    }
  } finally {
    await events.return();
  }
}

/** The next event; bytes that broke off are a truncation, bytes that are wrong are not. */
async function nextOf(
  events: AsyncGenerator<TurnEvent, void, undefined>,
  truncated: (message: string, cause: { readonly cause: unknown }) => Error,
): Promise<IteratorResult<TurnEvent, void>> {
  try {
    return await events.next();
  } catch (cause) {
    if (isTurnError(cause) && cause.code !== "truncated-stream") throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw truncated(`The stream broke off: ${why}`, { cause });
  }
}

function isResponse(source: Response | ReadableStream<Uint8Array>): source is Response {
  return typeof source === "object" && source !== null && "headers" in source && "status" in source;
}

function isStream(source: unknown): boolean {
  return (
    typeof source === "object" && source !== null && typeof (source as { getReader?: unknown }).getReader === "function"
  );
}

function formatOf(response: Response): WireFormat {
  const type = (response.headers.get("content-type") ?? "").toLowerCase();
  if (type.startsWith("text/event-stream")) return "sse";
  if (!type.startsWith("text/html")) return "ndjson";
  // A page of HTML in front of the service answers 200 too. Nobody reads it, so its connection is given back.
  response.body?.cancel().catch(() => undefined);
  throw new TurnError("upstream-failed", `Expected events, got ${clip(type, 100)}`);
}
