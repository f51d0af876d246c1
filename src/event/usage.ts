import { fieldsOf } from "../internal/fields-of.ts";

/** Tokens that a turn cost, and whatever else its producer counts. */
export interface TokenUsage {
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  readonly [more: string]: number | undefined;
}

/** The numbers of an object as usage; undefined when there are none. */
export function parseUsage(value: unknown): TokenUsage | undefined {
  const numbers = Object.entries(fieldsOf(value)).filter(([, count]) => Number.isFinite(count));
  return numbers.length > 0 ? (Object.fromEntries(numbers) as TokenUsage) : undefined;
}

/** Two usages as one: counts of the same name are added up. */
export function addUsage(a: TokenUsage | undefined, b: TokenUsage | undefined): TokenUsage | undefined {
  const sum: Record<string, number | undefined> = { ...a };
  for (const name in b) sum[name] = (sum[name] ?? 0) + (b[name] ?? 0);
  return parseUsage(sum);
}
