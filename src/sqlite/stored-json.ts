import type { SqliteValue } from "./sqlite-driver.ts";
import { describeFailure } from "./sqlite-failure.ts";

/** JSON from a row. What does not parse was not written by us. */
export function parseStored<T>(json: SqliteValue | undefined): T {
  try {
    return JSON.parse(String(json)) as T;
  } catch (cause) {
    throw describeFailure("A stored value is malformed", cause);
  }
}
