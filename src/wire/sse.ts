import type { TurnEvent } from "../event/turn-event.ts";
import { createDecoder, type DecoderLimits, type EventDecoder, resolveLimits } from "./event-decoder.ts";
import { parseEvent, stringifyEvent } from "./event-json.ts";
import { SseFrameReader } from "./sse-frames.ts";

/** The content type of SSE answers. */
export const SSE_TYPE = "text/event-stream";

/**
 * An event as an SSE frame: `data` is the whole event, and stored events carry their id, so that a browser's
 * `EventSource` comes back with it. There is no `event:` field, so one `onmessage` sees them all.
 *
 * @example
 * ```ts
 * import { encodeSse } from "turnwire/wire";
 *
 * encodeSse({ id: "2", type: "status" }); // 'id: 2\ndata: {"id":"2","type":"status"}\n\n'
 * ```
 */
export function encodeSse(event: TurnEvent): string {
  return sseFrame(event, stringifyEvent(event));
}

/** The frame of an event whose JSON is at hand. */
export function sseFrame(event: TurnEvent, json: string): string {
  // A line break in an id would end its line early; the event's own id, in the JSON, is whole.
  const id = event.id === undefined || /[\0\r\n]/.test(event.id) ? "" : `id: ${event.id}\n`;
  return `${id}data: ${json}\n\n`;
}

/**
 * Decodes SSE frames whose data are events. Comments and frames without data are passed over; a frame whose data is no
 * event is a `malformed-event` error that names its line.
 *
 * @example
 * ```ts
 * import { createSseDecoder } from "turnwire/wire";
 *
 * const decoder = createSseDecoder();
 * decoder.push(new TextEncoder().encode('data: {"type":"status"}\n\n'), (event) => console.log(event.type));
 * ```
 */
export function createSseDecoder(limits: DecoderLimits = {}): EventDecoder {
  const { maxEventBytes, maxDepth } = resolveLimits(limits);
  const frames = new SseFrameReader({ maxFrameBytes: maxEventBytes });
  return createDecoder(frames, ({ data, line }) => parseEvent(data, `The frame at line ${line}`, maxDepth));
}
