import type { Cursor } from "../../event/cursor.ts";
import type { TurnEvent } from "../../event/turn-event.ts";
import { createDeferred } from "../../internal/deferred.ts";
import type { Attachment } from "../substrate.ts";
import { parsePiece } from "./conformance-script.ts";

/** An event of the log. */
export type StoredEvent = TurnEvent & { readonly id: Cursor };

export function isStored(event: TurnEvent): event is StoredEvent {
  return event.id !== undefined;
}

/** The numbers that the agent's pieces of text carry, in the order of the events. */
export function piecesOf(events: readonly TurnEvent[]): number[] {
  return events.flatMap((event) => parsePiece(event)?.n ?? []);
}

/** Reads an attachment in the background, and tells what it has seen so far. */
export interface LogReader {
  readonly events: readonly TurnEvent[];
  /** Whether the stream has ended, by itself or by an error. */
  readonly over: boolean;
  /** All events, once the stream has ended; rejects when it threw. */
  readonly finished: Promise<readonly TurnEvent[]>;
  /** Resolves with the events so far once they are as wanted; rejects when the stream ends before. */
  until(wanted: (events: readonly TurnEvent[]) => boolean): Promise<readonly TurnEvent[]>;
  /** Resolves once so many pieces of the agent's text have come. */
  heard(pieces: number): Promise<readonly TurnEvent[]>;
}

export function readLog(attachment: Attachment): LogReader {
  const events: TurnEvent[] = [];
  let over = false;
  let changed = createDeferred<void>();
  const wake = (): void => {
    changed.resolve();
    changed = createDeferred();
  };

  async function read(): Promise<readonly TurnEvent[]> {
    try {
      for await (const event of attachment.events) {
        events.push(event);
        wake();
      }
      return events;
    } finally {
      over = true;
      wake();
    }
  }

  const finished = read();
  // A test that no longer looks is not to be disturbed.
  finished.catch(() => undefined);

  async function until(wanted: (events: readonly TurnEvent[]) => boolean): Promise<readonly TurnEvent[]> {
    while (!wanted(events)) {
      if (over) {
        await finished;
        throw new Error(`The stream ended early, after ${JSON.stringify(events.slice(-3))}`);
      }
      await changed.promise;
    }
    return events;
  }

  return {
    events,
    get over() {
      return over;
    },
    finished,
    until,
    heard: (pieces) => until((all) => piecesOf(all).length >= pieces),
  };
}

/** Reads so many events, then leaves; fewer when the stream ends before. */
export async function takeEvents(attachment: Attachment, count: number): Promise<TurnEvent[]> {
  const events: TurnEvent[] = [];
  if (count === 0) return events;
  for await (const event of attachment.events) if (events.push(event) === count) break;
  return events;
}
