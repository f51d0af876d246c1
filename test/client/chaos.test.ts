import { expect, it } from "vitest";
import { type ChaosReport, everyIndexPlans, randomPlans, runChaos } from "./chaos.ts";

// `npm run soak:client` runs the same for longer, and with other seeds.

const TURNS = 2000;
const SEED = 20_261;

function expectClean({ failures }: ChaosReport): void {
  expect(failures.slice(0, 10)).toEqual([]);
}

it("a turn arrives once, in order and whole, whatever happens at any of its events", { timeout: 200_000 }, async () => {
  const report = await runChaos(everyIndexPlans());
  expectClean(report);
  for (const kind of ["cut", "truncate", "delay", "stall", "duplicate", "bad-gateway", "lose-answer", "cut-before"]) {
    expect(report.met[kind], kind).toBeGreaterThan(0);
  }
});

it(`so do ${TURNS} turns with random troubles (seed ${SEED})`, { timeout: 300_000 }, async () => {
  const report = await runChaos(randomPlans(SEED, TURNS), { seed: SEED });
  expectClean(report);
  expect(report.requests).toBeGreaterThan(TURNS * 2);
});
