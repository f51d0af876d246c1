import type { Cursor } from "../event/cursor.ts";
import type { TurnEvent } from "../event/turn-event.ts";
import { decodeStream } from "../wire/decode-stream.ts";
import { isLogEnd } from "./object-call.ts";

/** How a log is read on after its object went away. */
export interface LogSource {
  /** The log strictly after the cursor. */
  readonly attach: (after: Cursor | undefined) => Promise<Response>;
  /** Waits before the next try; throws when there have been enough of them in a row. */
  readonly patience: (failures: number, cause: unknown) => Promise<void>;
  readonly signal: AbortSignal;
}

/**
 * Reads an object's log to its end, whatever becomes of the connection: an object that is evicted, or starts anew after
 * a deploy, is asked for what comes after the last event that came through.
 */
export async function* followLog(
  first: Response,
  after: Cursor | undefined,
  { attach, patience, signal }: LogSource,
): AsyncGenerator<TurnEvent, void, undefined> {
  let cursor = after;
  let failures = 0;
  let response: Response | undefined = first;
  while (!signal.aborted) {
    let cause: unknown;
    try {
      response ??= await attach(cursor);
      for await (const event of readLines(response)) {
        if (event === "end") return;
        failures = 0;
        cursor = event.id ?? cursor;
        yield event;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof BrokenOff)) throw error;
      cause = error.cause ?? error;
    }
    response = undefined;
    await patience(++failures, cause);
  }
}

/** A log was cut off, by an error or by an end that is not its own. */
class BrokenOff extends Error {}

async function* readLines({ body }: Response): AsyncGenerator<TurnEvent | "end", void, undefined> {
  if (body === null) throw new BrokenOff("There is no body");
  const lines = decodeStream(body, "ndjson");
  try {
    for (;;) {
      const next = await lines.next().catch((cause: unknown) => {
        throw new BrokenOff("The log broke off", { cause });
      });
      if (next.done === true) throw new BrokenOff("The log has no end");
      const isEnd = isLogEnd(next.value);
      yield isEnd ? "end" : next.value;
      if (isEnd) return;
    }
  } finally {
    await lines.return();
  }
}
