import { TurnError } from "../errors.ts";
import { checkEvent, type TurnEvent } from "../event/turn-event.ts";
import { clip } from "../internal/describe-value.ts";

/** How deep an event's JSON may nest, on the way out and on the way in. */
export const MAX_EVENT_DEPTH = 256;
/** How many bytes one event may take, on the way out and on the way in: 32 MiB. */
export const MAX_EVENT_BYTES: number = 32 * 1024 * 1024;

/**
 * An event as one line of JSON text. Throws for what JSON cannot say (a cycle, a BigInt), and for what a reader with
 * the default limits would refuse.
 *
 * @example
 * ```ts
 * import { stringifyEvent } from "turnwire/wire";
 *
 * stringifyEvent({ type: "status", data: { status: "thinking" } });
 * ```
 */
export function stringifyEvent(event: TurnEvent): string {
  const json: string | undefined = JSON.stringify(event);
  if (json === undefined) throw new TypeError("The event's toJSON returned nothing");
  if (nestsDeeperThan(json, MAX_EVENT_DEPTH)) {
    throw new RangeError(`The event nests deeper than ${MAX_EVENT_DEPTH} levels`);
  }
  if (longerThan(json, MAX_EVENT_BYTES)) {
    throw new RangeError(`The event takes more than ${MAX_EVENT_BYTES} bytes`);
  }
  return json;
}

/** Reads one event from JSON text; `where` names the place for the error ("Line 3"). */
export function parseEvent(json: string, where: string, maxDepth: number): TurnEvent {
  try {
    if (nestsDeeperThan(json, maxDepth)) throw new RangeError(`it nests deeper than ${maxDepth} levels`);
    const value: unknown = JSON.parse(json);
    checkEvent(value);
    return value;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw malformed(`${where} is not an event: ${clip(why, 200)}; it reads ${JSON.stringify(clip(json, 80))}`, cause);
  }
}

export function malformed(message: string, cause?: unknown): TurnError {
  return new TurnError("malformed-event", message, cause === undefined ? {} : { cause });
}

/** Whether JSON text opens more than `limit` objects and arrays inside each other. Does not judge its syntax. */
function nestsDeeperThan(json: string, limit: number): boolean {
  // Each level takes two characters, so a short text cannot be deep: true for nearly every event.
  if (json.length <= limit * 2) return false;
  let depth = 0;
  for (let at = 0; at < json.length; at++) {
    switch (json.charCodeAt(at)) {
      case 0x22:
        at = endOfString(json, at);
        break;
      case 0x5b:
      case 0x7b:
        if (++depth > limit) return true;
        break;
      case 0x5d:
      case 0x7d:
        depth--;
    }
  }
  return false;
}

/** The position of the quote that closes the string opened at `from`; the text's end where none does. */
function endOfString(json: string, from: number): number {
  for (let quote = json.indexOf('"', from + 1); quote !== -1; quote = json.indexOf('"', quote + 1)) {
    let backslashes = 0;
    while (json.charCodeAt(quote - 1 - backslashes) === 0x5c) backslashes++;
    if (backslashes % 2 === 0) return quote;
  }
  return json.length;
}

/** Whether a text takes more than so many bytes of UTF-8. */
export function longerThan(text: string, maxBytes: number): boolean {
  // UTF-8 takes at most three bytes for one UTF-16 unit, so most texts need no second look.
  return text.length > maxBytes / 3 && new TextEncoder().encode(text).length > maxBytes;
}
