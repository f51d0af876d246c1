import { collectTests, runTest, type TestResult } from "../support/mini-test.ts";
import { describeSubstrate, type SubstrateUnderTest } from "../../src/substrate/conformance/index.ts";

/** Runs the conformance suite with the small runner, all tests at once: each has a fixture of its own. */
export async function runSuite(underTest: SubstrateUnderTest): Promise<TestResult[]> {
  const tests = collectTests({ suite: (api) => describeSubstrate("under test", underTest, api) });
  return Promise.all(tests.map((test) => runTest(test)));
}

/** Of each failed test its guarantee and title. */
export function failuresOf(results: readonly TestResult[]): string[] {
  return results.filter(({ ok }) => !ok).map(({ name }) => name.split(" > ").slice(2).join(" > "));
}
