import { describe, expect, it } from "vitest";
import { matcherCases, type MatcherCase } from "./matcher-cases.ts";
import { expect as miniExpect } from "./mini-expect.ts";
import { collectTests, runTests } from "./mini-test.ts";
import type { Expect, PortableSuite } from "./test-api.ts";

const run = (suites: Record<string, PortableSuite>, timeoutMs = 1000) => runTests(collectTests(suites), { timeoutMs });

describe("expect of mini-test", () => {
  const verdict = async ([, use]: MatcherCase, api: Expect): Promise<string> => {
    try {
      await use(api);
      return "passes";
    } catch {
      return "fails";
    }
  };
  const judge = async (api: Expect): Promise<string[]> =>
    Promise.all(matcherCases.map(async (one) => `${one[0]}: ${await verdict(one, api)}`));

  it("gives Vitest's verdict in every case of the table", async () => {
    const ours = await judge(miniExpect);
    expect(ours).toEqual(await judge(expect));
    const passes = ours.filter((line) => line.endsWith(": passes")).length;
    expect(Math.min(passes, ours.length - passes)).toBeGreaterThan(100);
  });

  it("says where two values part", () => {
    expect(() => miniExpect({ list: [{ a: 1 }] }).toEqual({ list: [{ a: 2 }] })).toThrow(
      "at       .list[0].a\n  expected 2\n  actual   1",
    );
    expect(() => miniExpect([1], "the list").toEqual([1, 2])).toThrow(/^the list: .*length 1, expected 2/s);
  });

  it("counts the bytes of array buffers", () => {
    expect(() => miniExpect(Uint8Array.of(1).buffer).toEqual(Uint8Array.of(2).buffer)).toThrow("different bytes");
  });
});

describe("collectTests and runTests", () => {
  it("reports each test under its full name, in order", async () => {
    const results = await run({
      first: ({ describe, it }) => {
        describe("outer", () => {
          describe("inner", () => it("passes", () => undefined));
          it("fails", () => Promise.reject(new RangeError("too far")));
        });
        it("is plain", async () => undefined);
      },
    });
    expect(results.map(({ name, ok }) => `${name}: ${ok}`)).toEqual([
      "first > outer > inner > passes: true",
      "first > outer > fails: false",
      "first > is plain: true",
    ]);
    expect(results[1]?.error).toMatch(/^RangeError: too far\n\s+at /);
  });

  it("gives up a test that never ends, by its own limit or the common one, and goes on", async () => {
    const results = await run(
      {
        slow: ({ it }) => {
          it("own limit", () => new Promise(() => undefined), 5);
          it("common limit", () => new Promise(() => undefined));
          it("after", () => undefined);
        },
      },
      10,
    );
    expect(results.map(({ ok, error }) => [ok, error?.split("\n")[0]])).toEqual([
      [false, "Error: The test did not end within 5 ms"],
      [false, "Error: The test did not end within 10 ms"],
      [true, undefined],
    ]);
  });

  it("turns a suite that throws, has no tests or has an async describe into a failing test", async () => {
    const results = await run({
      throwing: () => {
        throw new Error("no such file");
      },
      empty: () => undefined,
      late: ({ describe, it }) => describe("async", (async () => it("lost", () => undefined)) as () => void),
    });
    const failed = results.filter(({ ok }) => !ok).map(({ name }) => name);
    expect(failed).toEqual([
      "throwing > (collecting its tests)",
      "empty > (collecting its tests)",
      "late > (collecting its tests)",
    ]);
  });

  it("refuses tests that register tests", async () => {
    const [result] = await run({ nested: ({ it }) => it("outer", () => it("inner", () => undefined)) });
    expect(result?.error).toContain("register all tests at once");
  });

  it("runs only what it is asked for", async () => {
    const tests = collectTests({ some: ({ it }) => ["a", "b", "c"].forEach((name) => it(name, () => undefined)) });
    const results = await runTests(tests, { only: (name) => name.endsWith("b") });
    expect(results.map(({ name }) => name)).toEqual(["some > b"]);
  });
});
