import type { Cursor } from "../event/cursor.ts";
import { TurnError } from "../errors.ts";
import { describeValue } from "../internal/describe-value.ts";
import { knownRun } from "./engine-core.ts";
import type { RunRecord, RunTransaction } from "./run-store.ts";

/** The engine's reading of a cursor; refuses what is none of its own. */
export function parseCursor(after: Cursor | undefined): number {
  if (after === undefined) return 0;
  if (typeof after === "string" && /^\d{1,15}$/.test(after)) return Number(after);
  throw new TurnError(
    "invalid-request",
    `A cursor is the id of an event, a decimal number; got ${describeValue(after)}`,
  );
}

/** The run whose log is read from a cursor; refused when there is none, or it cannot serve the cursor. */
export function readableRun(tx: RunTransaction, executionId: string, cursor: number): RunRecord {
  const run = knownRun(tx, executionId);
  checkCursor(run, cursor);
  return run;
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
