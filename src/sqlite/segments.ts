import type { TurnEvent } from "../event/turn-event.ts";
import type { SqliteValue } from "./sqlite-driver.ts";
import { parseStored } from "./stored-json.ts";

/** How many events one segment holds at most: what a reader must parse to get at one of them. */
export const MAX_SEGMENT_EVENTS = 512;
/** How many characters, unless a single event is longer. */
export const MAX_SEGMENT_LENGTH: number = 64 * 1024;

/** Calls `write` for each piece that the events are stored in: the id of its last event, and a JSON array. */
export function splitIntoSegments(
  firstId: number,
  events: readonly string[],
  write: (lastId: number, json: string) => void,
): void {
  let start = 0;
  let length = 0;
  for (let at = 0; at < events.length; at++) {
    const next = events[at]?.length ?? 0;
    if (at > start && (at - start >= MAX_SEGMENT_EVENTS || length + next > MAX_SEGMENT_LENGTH)) {
      write(firstId + at - 1, `[${events.slice(start, at).join(",")}]`);
      start = at;
      length = 0;
    }
    length += next;
  }
  if (start < events.length) write(firstId + events.length - 1, `[${events.slice(start).join(",")}]`);
}

/** Adds a segment's events after `after` to `found`, with their ids. */
export function readSegment(json: SqliteValue | undefined, lastId: number, after: number, found: TurnEvent[]): void {
  // The ids are not stored: the last one and the count give them.
  const events = parseStored<{ type: string; id?: string }[]>(json);
  const firstId = lastId - events.length + 1;
  let id = firstId;
  for (const event of events) {
    if (id > after) {
      event.id = String(id);
      found.push(event);
    }
    id++;
  }
}
