import type { RuntimeName } from "./runtime-report.ts";

export interface Skip {
  /** The whole name of a test, or of a suite or describe block and all that is in it. */
  readonly test: string;
  readonly reason: string;
}

/**
 * What does not run where, and why. Every report shows it, and one that matches no test fails the run. The pinned Node,
 * where Vitest runs the suites, runs them all.
 */
export const skips: Readonly<Record<RuntimeName, readonly Skip[]>> = {
  node20: [],
  deno: [],
  bun: [],
  workerd: [],
};
