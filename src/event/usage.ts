/** Tokens that a turn cost, and whatever else its producer counts. */
export interface TokenUsage {
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  readonly [more: string]: number | undefined;
}

/** The numbers of an object as usage; undefined when there are none. */
export function parseUsage(value: unknown): TokenUsage | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const numbers = Object.entries(value).filter(([, count]) => typeof count === "number" && Number.isFinite(count));
  return numbers.length === 0 ? undefined : (Object.fromEntries(numbers) as TokenUsage);
}

/** Two usages as one: counts of the same name are added up. */
export function addUsage(a: TokenUsage | undefined, b: TokenUsage | undefined): TokenUsage | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  const sum: Record<string, number | undefined> = { ...a };
  for (const [name, count] of Object.entries(b)) sum[name] = (sum[name] ?? 0) + (count ?? 0);
  return sum;
}
