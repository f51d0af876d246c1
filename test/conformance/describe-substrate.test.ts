import { describe, expect, it } from "vitest";
import {
  type ConformanceApi,
  describeSubstrate,
  type SubstrateUnderTest,
} from "../../src/substrate/conformance/index.ts";
import { openReference } from "./reference-fixture.ts";
import { failuresOf, runSuite } from "./run-suite.ts";

/** What the suite registers, as names. */
function register(underTest: Partial<SubstrateUnderTest>, withSkip: boolean): { tests: string[]; skipped: string[] } {
  const tests: string[] = [];
  const skipped: string[] = [];
  const add = (name: string): void => void tests.push(name);
  const skip = (name: string): void => void skipped.push(name);
  const api: ConformanceApi = {
    describe: (_, body) => body(),
    it: withSkip ? Object.assign(add, { skip }) : add,
    expect,
  };
  describeSubstrate("under test", { open: async () => openReference(), ...underTest }, api);
  return { tests, skipped };
}

describe("describeSubstrate", () => {
  it("skips a guarantee or what needs a capability, with the reason in the name", () => {
    const all = register({}, true);
    expect(all.skipped).toEqual([]);
    const some = register({ skip: { S9: "one process", trim: "keeps everything" } }, true);
    expect(some.tests.length + some.skipped.length).toBe(all.tests.length);
    expect(some.skipped.filter((name) => name.endsWith(" (one process)"))).toHaveLength(1);
    expect(some.skipped.filter((name) => name.endsWith(" (keeps everything)"))).toHaveLength(4);
  });

  it("skips one test by its guarantee and title", () => {
    const { skipped } = register({ skip: { "S7: an execution whose agent does not listen": "remote" } }, true);
    expect(skipped).toEqual(["an execution whose agent does not listen (remote)"]);
    expect(() => register({ skip: { "S7: an execution of old": "remote" } }, true)).toThrow(
      "nothing that can be skipped",
    );
  });

  it("says SKIPPED where the runner knows no skipping", () => {
    const { tests } = register({ skip: { S9: "one process" } }, false);
    expect(tests.filter((name) => name.endsWith(" (SKIPPED: one process)"))).toHaveLength(1);
  });

  it("refuses to skip what it does not know, and to skip for no reason", () => {
    expect(() => register({ skip: { S10: "no" } as object }, true)).toThrow(
      /skip\.S10 is nothing that can be skipped: S1,/,
    );
    expect(() => register({ skip: { S9: " " } }, true)).toThrow("skip.S9 must say why");
  });

  it("fails the tests whose capability is missing, and says what to do", async () => {
    const results = await runSuite({ open: async () => ({ substrate: openReference().substrate }) });
    const failures = failuresOf(results);
    expect(failures.length).toBeGreaterThan(10);
    expect(failures.length).toBeLessThan(results.length / 2);
    const messages = results.filter(({ ok }) => !ok).map(({ error }) => error ?? "");
    expect(
      messages.filter((message) => !/which the fixture does not have; add it, or say why not/.test(message)),
    ).toEqual([]);
  });

  it("fails each test of a substrate that cannot be opened, or hangs", async () => {
    const broken = await runSuite({ open: () => Promise.reject(new Error("no disk")), testMs: 50 });
    expect(broken.filter(({ error }) => error?.includes("no disk") !== true)).toEqual([]);
    const hanging = await runSuite({ open: () => new Promise(() => undefined), testMs: 50 });
    expect(hanging.filter(({ error }) => error?.includes("Not done within 50 ms") !== true)).toEqual([]);
    expect(hanging.filter(({ ms }) => ms > 2000)).toEqual([]);
  });
});
