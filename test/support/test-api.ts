/**
 * What a portable suite may use. Vitest's own `describe`, `it` and `expect` fit it, and so does `mini-test.ts`, which
 * runs the same suites on Deno, Bun, older Nodes and workerd, where Vitest does not.
 *
 * A portable suite is a file `test/<folder>/<behaviour>.portable.ts` whose default export takes this API. It imports
 * only `src/` and other portable support, so that it runs anywhere.
 */
export interface TestApi {
  // Properties, not methods, so that a suite may take them apart: `({ describe, it, expect }) => …`.
  readonly describe: (name: string, body: () => void) => void;
  readonly it: (name: string, body: () => void | Promise<void>, timeoutMs?: number) => void;
  readonly expect: Expect;
}

export type PortableSuite = (api: TestApi) => void;

export interface Expect {
  (actual: unknown, message?: string): Matchers;
}

export interface Matchers {
  readonly not: Omit<Matchers, "not" | "rejects" | "resolves">;
  /** The value that a promise rejects with. */
  readonly rejects: AsyncMatchers;
  /** `Object.is`. */
  toBe(expected: unknown): void;
  /** The same structure; keys that are undefined count as absent. */
  toEqual(expected: unknown): void;
  /** The same structure to the letter: a key with undefined is not an absent key. */
  toStrictEqual(expected: unknown): void;
  /** At least what `expected` has, deeply. */
  toMatchObject(expected: object): void;
  toContain(item: unknown): void;
  toMatch(pattern: RegExp | string): void;
  toHaveLength(length: number): void;
  toBeInstanceOf(type: new (...args: never[]) => unknown): void;
  toBeDefined(): void;
  toBeUndefined(): void;
  toBeGreaterThan(other: number): void;
  toBeGreaterThanOrEqual(other: number): void;
  toBeLessThan(other: number): void;
  toBeLessThanOrEqual(other: number): void;
  /** The function throws: an error whose message holds the string or fits the pattern, or which is of that class. */
  toThrow(expected?: RegExp | string | (new (...args: never[]) => unknown)): void;
}

export interface AsyncMatchers {
  toThrow(expected?: RegExp | string | (new (...args: never[]) => unknown)): Promise<void>;
  toMatchObject(expected: object): Promise<void>;
}
