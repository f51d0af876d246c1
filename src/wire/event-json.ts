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
export function stringifyEvent(event: TurnEvent, maxBytes: number = MAX_EVENT_BYTES): string {
  const json = JSON.stringify(event);
  // Each level takes two characters, so a short text cannot be deep: true for nearly every event. Where the values cannot
  // tell, what was written does.
  const isDeep = json.length > MAX_EVENT_DEPTH * 2 && mayBeDeep(event) && mayBeDeep(JSON.parse(json));
  if (isDeep || longerThan(json, maxBytes)) {
    throw new RangeError(`It nests deeper than ${MAX_EVENT_DEPTH} levels, or takes more than ${maxBytes} bytes`);
  }
  return json;
}

/** Whether a value may nest too deep as JSON. One that writes itself may, whatever it holds. */
function mayBeDeep(value: unknown, levels: number = MAX_EVENT_DEPTH): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { toJSON } = value as { readonly toJSON?: unknown };
  return levels === 0 || typeof toJSON === "function" || Object.values(value).some((one) => mayBeDeep(one, levels - 1));
}

/** Reads one event from JSON text; `where` names the place for the error ("Line 3"). */
export function parseEvent(json: string, where: string, maxDepth: number): TurnEvent {
  try {
    if (nestsDeeperThan(json, maxDepth)) throw new RangeError(`It nests deeper than ${maxDepth} levels`);
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
  let depth = 0;
  let quoted = false;
  for (let at = 0; json.length > limit * 2 && at < json.length; at++) {
    const char = json[at];
    if (char === '"') quoted = !quoted;
    else if (quoted) at += Number(char === "\\");
    else if ((char === "[" || char === "{") && ++depth > limit) return true;
    else if (char === "]" || char === "}") depth--;
  }
  return false;
}

/** Whether a text takes more than so many bytes of UTF-8. */
export function longerThan(text: string, maxBytes: number): boolean {
  // UTF-8 takes at most three bytes for one UTF-16 unit, so most texts need no second look.
  return text.length > maxBytes / 3 && new TextEncoder().encode(text).length > maxBytes;
}
