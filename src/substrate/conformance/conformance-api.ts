/** What the suite needs of a test runner. The functions of Vitest, Jest, Bun and Deno's `@std/testing/bdd` and `@std/expect` fit. */
export interface ConformanceApi {
  describe(name: string, body: () => void): void;
  readonly it: ConformanceIt;
  readonly expect: ConformanceExpect;
}

export interface ConformanceIt {
  (name: string, body: () => Promise<void>, timeoutMs?: number): void;
  /** Where it is missing, a skipped test is an empty one whose name says so. */
  readonly skip?: (name: string, body: () => Promise<void>) => void;
}

/** The three matchers that the suite uses. */
export type ConformanceExpect = (actual: unknown) => {
  /** `Object.is`. */
  toBe(expected: unknown): void;
  /** The same structure; keys that are undefined count as absent. */
  toEqual(expected: unknown): void;
  /** At least what `expected` has, deeply. */
  toMatchObject(expected: object): void;
};
