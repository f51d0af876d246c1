import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { inferenceMutants } from "./mutants-inference.ts";
import { scriptMutants } from "./mutants-script.ts";
import { mutants } from "./mutants.ts";

const read = (file: string): string => readFileSync(new URL(`../../src/${file}`, import.meta.url), "utf8");

describe("mutants", () => {
  it("each finds its place exactly once, and changes it", () => {
    const all = [...mutants, ...scriptMutants, ...inferenceMutants];
    const lost = all.filter(({ file, find, replace }) => find === replace || read(file).split(find).length !== 2);
    expect(lost).toEqual([]);
  });

  it("each of T1 to T10 has at least three, and no two are the same", () => {
    const counts = Array.from({ length: 10 }, (_, at) => `T${at + 1}`).map(
      (guarantee) => mutants.filter((mutant) => mutant.guarantee === guarantee).length,
    );
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(3);
    expect(new Set(mutants.map((mutant) => JSON.stringify(mutant))).size).toBe(mutants.length);
    expect(mutants.length).toBeGreaterThanOrEqual(45);
  });
});
