/** An iterator that may answer at once or with a promise. */
export type LooseIterator<T> = AsyncIterator<T> | Iterator<T>;

/**
 * How to iterate over a value, asynchronously where it can; undefined for a value that cannot be iterated. Strings,
 * though iterable, are no stream of anything that a turn wants.
 */
export function iterate<T>(value: unknown): (() => LooseIterator<T>) | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const source = value as { [Symbol.asyncIterator]?: unknown; [Symbol.iterator]?: unknown };
  const method = source[Symbol.asyncIterator] ?? source[Symbol.iterator];
  return typeof method === "function" ? () => method.call(source) as LooseIterator<T> : undefined;
}
