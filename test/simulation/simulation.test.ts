import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { mutants } from "./mutants/mutants.ts";
import { describeFailure, playSchedule } from "./schedule.ts";

// Always the same schedules, so that a red run is red again; `npm run simulate` plays others.
const SCHEDULES = 20_000;
const PER_TEST = 2000;

describe("the run engine under any schedule", () => {
  for (let first = 1; first <= SCHEDULES; first += PER_TEST) {
    const last = first + PER_TEST - 1;
    it(`S1–S9, R1–R8: keeps its guarantees with the seeds ${first} to ${last}`, { timeout: 120_000 }, async () => {
      for (let seed = first; seed <= last; seed++) {
        const { violations } = await playSchedule(seed);
        if (violations.length > 0) expect.fail(await describeFailure(seed, violations));
      }
    });
  }

  it("plays the same schedule for the same seed", async () => {
    const play = async (): Promise<string[]> => {
      const lines: string[] = [];
      for (let seed = 1; seed <= 20; seed++) await playSchedule(seed, (line) => lines.push(line));
      return lines;
    };
    expect(await play()).toEqual(await play());
  });
});

describe("the simulator's mutants", () => {
  const read = (file: string): string => readFileSync(new URL(`../../src/${file}`, import.meta.url), "utf8");

  it("each find their place exactly once, and change it", () => {
    const lost = mutants.filter(({ file, find, replace }) => find === replace || read(file).split(find).length !== 2);
    expect(lost).toEqual([]);
  });

  it("are at least fifteen, no two the same", () => {
    expect(mutants.length).toBeGreaterThanOrEqual(15);
    expect(new Set(mutants.map((mutant) => JSON.stringify(mutant))).size).toBe(mutants.length);
  });
});
