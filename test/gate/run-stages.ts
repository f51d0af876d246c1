/** One step of the gate. */
export interface Stage {
  readonly name: string;
  /** Stages that must have passed before. */
  readonly needs?: readonly string[];
  run(): Promise<Outcome>;
}

/** What a stage found. A check counts as one test; a test run counts its tests. */
export interface Outcome {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** A few words for the stage's line. */
  readonly note?: string;
  /** Shown in full when something failed. */
  readonly output?: string;
  /** For the table of runtimes. */
  readonly runtime?: { readonly name: string } & Counts;
}

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export interface StageResult extends Outcome {
  readonly name: string;
  readonly ms: number;
}

export const passedCheck: Outcome = { passed: 1, failed: 0, skipped: 0 };

export function failedCheck(output: string): Outcome {
  return { passed: 0, failed: 1, skipped: 0, output };
}

/**
 * Runs stages, at most `width` at a time, each as soon as what it needs has passed, in the order of the list. A stage
 * that throws, or that found nothing to test, has failed; so have the stages that need it, without being run.
 */
export async function runStages(
  stages: readonly Stage[],
  width: number,
  onResult: (result: StageResult) => void,
): Promise<StageResult[]> {
  const waiting = [...stages];
  const done = new Map<string, StageResult>();
  const running = new Set<Promise<void>>();
  const finish = (result: StageResult): void => {
    done.set(result.name, result);
    onResult(result);
  };
  while (waiting.length > 0 || running.size > 0) {
    const index = waiting.findIndex(({ needs = [] }) => needs.every((name) => done.has(name)));
    const stage = waiting[index];
    if (stage !== undefined && running.size < width) {
      waiting.splice(index, 1);
      const broken = stage.needs?.find((name) => done.get(name)?.failed !== 0);
      if (broken !== undefined) {
        finish({ ...failedCheck(""), name: stage.name, ms: 0, note: `not run, because ${broken} failed` });
        continue;
      }
      const run = runStage(stage).then((result) => {
        running.delete(run);
        finish(result);
      });
      running.add(run);
    } else if (running.size > 0) {
      await Promise.race(running);
    } else {
      throw new Error(`Stages wait for stages that are not in the list: ${waiting.map(({ name }) => name).join(", ")}`);
    }
  }
  return stages.map(({ name }) => done.get(name)).filter((result) => result !== undefined);
}

async function runStage(stage: Stage): Promise<StageResult> {
  const startedAt = performance.now();
  const outcome = await stage.run().catch((error: unknown) => failedCheck(describe(error)));
  const empty = outcome.passed + outcome.failed + outcome.skipped === 0;
  const checked = empty ? { ...outcome, failed: 1, note: "found no tests" } : outcome;
  return { ...checked, name: stage.name, ms: performance.now() - startedAt };
}

const describe = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));
