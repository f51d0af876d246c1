import { describe, expect, it } from "vitest";
import { mutants } from "./mutants.ts";
import { openReference, type ReferenceClass } from "./reference-fixture.ts";
import { ReferenceSubstrate } from "./reference-substrate.ts";
import { failuresOf, runSuite } from "./run-suite.ts";

// The suite is only worth something if it fails on substrates that are broken. A mutant that hangs is given up soon.
const run = async (Class: ReferenceClass, testMs: number) =>
  runSuite({ open: async () => openReference(Class), testMs, bulk: 500 });

describe("the conformance suite", () => {
  it("has nothing against the substrate that the mutants are made of", async () => {
    const results = await run(ReferenceSubstrate, 10_000);
    expect(failuresOf(results)).toEqual([]);
    expect(results.length).toBeGreaterThan(60);
  });

  it.each(mutants)("finds that $Class.name breaks $breaks", async ({ Class, breaks }) => {
    const failures = failuresOf(await run(Class, 1000));
    expect(failures.filter((failure) => failure.startsWith(`${breaks}: `))).not.toEqual([]);
  });

  it("has a mutant for every guarantee", async () => {
    const guarantees = (await run(ReferenceSubstrate, 10_000)).map(({ name }) => name.split(" > ")[2]?.split(":")[0]);
    expect(new Set(mutants.map(({ breaks }) => breaks))).toEqual(new Set(guarantees));
  });
});
