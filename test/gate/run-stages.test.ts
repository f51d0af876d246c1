import { describe, expect, it } from "vitest";
import { createDeferred } from "../../src/internal/deferred.ts";
import { printSummary } from "./print-report.ts";
import { failedCheck, passedCheck, runStages, type Outcome, type Stage } from "./run-stages.ts";

const stage = (name: string, outcome: Outcome, needs: string[] = []): Stage => ({
  name,
  needs,
  run: async () => outcome,
});
const run = (...stages: Stage[]) => runStages(stages, 2, () => undefined);
const counts = async (...stages: Stage[]): Promise<number[][]> =>
  (await run(...stages)).map(({ passed, failed, skipped }) => [passed, failed, skipped]);

describe("runStages", () => {
  it("adds up what stages found", async () => {
    const tests = { passed: 7, failed: 2, skipped: 1 };
    expect(await counts(stage("a", passedCheck), stage("b", tests))).toEqual([
      [1, 0, 0],
      [7, 2, 1],
    ]);
  });

  it("counts a stage that throws as one failure, with its error", async () => {
    const [result] = await run({ name: "a", run: () => Promise.reject(new Error("crashed")) });
    expect(result).toMatchObject({ passed: 0, failed: 1 });
    expect(result?.output).toContain("Error: crashed");
  });

  it("counts a stage that found no tests as one failure", async () => {
    const [result] = await run(stage("a", { passed: 0, failed: 0, skipped: 0 }));
    expect(result).toMatchObject({ failed: 1, note: "found no tests" });
  });

  it("does not run, but counts, what needs a failed stage", async () => {
    const results = await run(
      stage("a", failedCheck("")),
      stage("b", passedCheck, ["a"]),
      stage("c", passedCheck, ["b"]),
    );
    expect(results.map(({ failed, note }) => [failed, note])).toEqual([
      [1, undefined],
      [1, "not run, because a failed"],
      [1, "not run, because b failed"],
    ]);
  });

  it("refuses a list in which a stage waits for one that is not there", async () => {
    await expect(run(stage("a", passedCheck, ["b"]))).rejects.toThrow("not in the list: a");
  });

  it("runs as many at a time as it may, and a stage only after what it needs", async () => {
    const log: string[] = [];
    const doors = new Map(["a", "b", "c", "d"].map((name) => [name, createDeferred<void>()]));
    const gated = (name: string, needs: string[] = []): Stage => ({
      name,
      needs,
      run: async () => {
        log.push(`+${name}`);
        await doors.get(name)?.promise;
        log.push(`-${name}`);
        return passedCheck;
      },
    });
    const done = run(gated("a"), gated("b", ["a"]), gated("c"), gated("d"));
    for (const name of ["c", "a", "d", "b"]) {
      await new Promise((resolve) => setTimeout(resolve, 0));
      doors.get(name)?.resolve();
    }
    await done;
    expect(log).toEqual(["+a", "+c", "-c", "+d", "-a", "+b", "-d", "-b"]);
  });
});

describe("printSummary", () => {
  const lastLine = async (...stages: Stage[]): Promise<string | undefined> => {
    const lines: string[] = [];
    printSummary(await run(...stages), (text) => lines.push(...text.split("\n")));
    return lines.at(-1);
  };

  it("ends with the counts of all stages together", async () => {
    const tests = { passed: 7, failed: 2, skipped: 0 };
    expect(await lastLine(stage("a", passedCheck), stage("b", tests))).toBe("8 passed, 2 failed");
    expect(await lastLine(stage("a", { ...passedCheck, skipped: 3 }))).toBe("1 passed, 0 failed, 3 skipped");
  });
});
