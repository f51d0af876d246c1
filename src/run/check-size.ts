import { TurnError } from "../errors.ts";
import { longerThan } from "../wire/event-json.ts";

/** Why a value whose JSON takes more than so many bytes cannot be kept; undefined when it can. */
export function sizeError(what: string, json: string, maxBytes: number): TurnError | undefined {
  if (!longerThan(json, maxBytes)) return undefined;
  return new TurnError("too-large", `Cannot keep ${what}: it takes more than ${maxBytes} bytes of JSON`);
}

/**
 * Refuses a value whose JSON takes more than so many bytes: a store that finds it too large only when it is written
 * fails everything that is written with it.
 */
export function checkSize(what: string, json: string, maxBytes: number): void {
  const error = sizeError(what, json, maxBytes);
  if (error !== undefined) throw error;
}
