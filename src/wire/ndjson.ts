import type { TurnEvent } from "../event/turn-event.ts";
import { createDecoder, type DecoderLimits, type EventDecoder, resolveLimits } from "./event-decoder.ts";
import { parseEvent, stringifyEvent } from "./event-json.ts";
import { LineReader } from "./line-reader.ts";

/** White space as JSON knows it: a stray byte-order mark or no-break space is not blank. */
const BLANK = /^[ \t\r]*$/;

/** The content type of NDJSON answers. */
export const NDJSON_TYPE = "application/x-ndjson";

/**
 * An event as a line of NDJSON.
 *
 * @example
 * ```ts
 * import { encodeNdjson } from "turnwire/wire";
 *
 * encodeNdjson({ type: "status", data: { status: "thinking" } }); // '{"type":"status","data":{…}}\n'
 * ```
 */
export function encodeNdjson(event: TurnEvent): string {
  return `${stringifyEvent(event)}\n`;
}

/**
 * Decodes NDJSON: one JSON event a line. Blank lines are allowed between events; any other line that is no event is a
 * `malformed-event` error that names the line.
 *
 * @example
 * ```ts
 * import { createNdjsonDecoder } from "turnwire/wire";
 *
 * const decoder = createNdjsonDecoder();
 * decoder.push(new TextEncoder().encode('{"type":"status"}\n{"ty'), (event) => console.log(event.type));
 * decoder.push(new TextEncoder().encode('pe":"result"}'), (event) => console.log(event.type));
 * decoder.end((event) => console.log(event.type)); // "result"
 * ```
 */
export function createNdjsonDecoder(limits: DecoderLimits = {}): EventDecoder {
  const { maxEventBytes, maxDepth } = resolveLimits(limits);
  const lines = new LineReader({ maxLineBytes: maxEventBytes, crEnds: false });
  return createDecoder(lines, (line) =>
    BLANK.test(line) ? undefined : parseEvent(line, `Line ${lines.line}`, maxDepth),
  );
}
