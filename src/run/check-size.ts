import { TurnError } from "../errors.ts";
import { longerThan } from "../wire/event-json.ts";

/**
 * Refuses a value whose JSON takes more than so many bytes: a store that finds it too large only when it is written
 * fails everything that is written with it.
 */
export function checkSize(what: string, json: string, maxBytes: number): void {
  if (longerThan(json, maxBytes)) {
    throw new TurnError("too-large", `Cannot keep ${what}: it takes more than ${maxBytes} bytes of JSON`);
  }
}
