import { describeValue } from "../internal/describe-value.ts";

/** Refuses what the body of a transaction returned if it is a promise: that would go on after the transaction is over. */
export function checkSynchronous(result: unknown): void {
  if (typeof result !== "object" || result === null || !("then" in result)) return;
  throw new TypeError(`The body of a transaction must be synchronous, got ${describeValue(result)} with a then method`);
}
