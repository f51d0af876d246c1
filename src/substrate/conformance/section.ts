import type { Capability } from "./fixture.ts";
import type { Scenario } from "./scenario.ts";

/** One test of a guarantee. */
export interface ConformanceTest {
  readonly title: string;
  /** What the fixture must have for it. */
  readonly needs: readonly Capability[];
  readonly body: (scenario: Scenario) => Promise<void>;
}

/** The tests of one guarantee. */
export type Section = (test: AddTest) => void;

export type AddTest = (
  title: string,
  needs: readonly Capability[],
  body: (scenario: Scenario) => Promise<void>,
) => void;
