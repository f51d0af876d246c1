import { describeValue } from "../internal/describe-value.ts";
import { fieldsOf } from "../internal/fields-of.ts";

/** An iterator that may answer at once or with a promise. */
export type LooseIterator<T> = AsyncIterator<T> | Iterator<T>;

/**
 * How to iterate over a value, asynchronously where it can; refuses one that cannot be iterated. Strings, though
 * iterable, are no stream of anything that a turn wants.
 */
export function iterate<T>(name: string, value: unknown): () => LooseIterator<T> {
  const source = fieldsOf(value);
  const method = source[Symbol.asyncIterator] ?? source[Symbol.iterator];
  if (typeof method !== "function") throw new TypeError(`${name} must be async iterable, got ${describeValue(value)}`);
  return () => method.call(source) as LooseIterator<T>;
}
