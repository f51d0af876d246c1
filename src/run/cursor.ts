import type { Cursor } from "../event/cursor.ts";
import { TurnError } from "../errors.ts";
import { describeValue } from "../internal/describe-value.ts";
import type { RunRecord } from "./run-store.ts";

/** The engine's reading of a cursor; refuses what is none of its own. */
export function parseCursor(after: Cursor | undefined): number {
  if (after === undefined) return 0;
  if (typeof after === "string" && /^\d{1,15}$/.test(after)) return Number(after);
  throw new TurnError(
    "invalid-request",
    `A cursor is the id of an event, a decimal number; got ${describeValue(after)}`,
  );
}

/** Refuses a cursor that the run's log cannot serve: never silently, or a reader would miss events (S4). */
export function checkCursor(run: RunRecord, cursor: number): void {
  if (cursor < run.trimmedThrough) {
    throw new TurnError(
      "cursor-gap",
      `Events up to ${run.trimmedThrough} of ${run.executionId} were trimmed, and the cursor is ${cursor}`,
    );
  }
  if (cursor > run.lastEventId) {
    throw new TurnError(
      "cursor-ahead",
      `The cursor is ${cursor}, and the last event of ${run.executionId} is ${run.lastEventId}`,
    );
  }
}
