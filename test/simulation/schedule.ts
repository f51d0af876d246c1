import { comeBack, playCalm, stopAll } from "./calm.ts";
import { playChaos } from "./chaos.ts";
import { checkRest, checkStopped } from "./check-end.ts";
import { type Violation, World } from "./world.ts";

/** Plays the schedule of a seed from its chaos to its rest; what it has broken, first of all the first. */
export async function playSchedule(
  seed: number,
  trace?: (line: string) => void,
): Promise<{ readonly violations: readonly Violation[] }> {
  const world = new World(seed, trace);
  const { violations } = world;
  const stray = (error: unknown): void =>
    world.violate("T2", `A rejection that nobody handled: ${String((error as Error)?.stack ?? error)}`);
  process.on("unhandledRejection", stray);
  try {
    await playChaos(world);
    if (violations.length === 0) await playCalm(world);
    if (violations.length === 0) await checkRest(world);
    if (violations.length === 0 && world.random.chance(0.3)) {
      await comeBack(world);
      if (violations.length === 0) await checkRest(world);
    }
    if (violations.length === 0) await stopAll(world);
    if (violations.length === 0) checkStopped(world);
  } finally {
    process.off("unhandledRejection", stray);
  }
  return { violations };
}

/** A broken guarantee with all that is needed to see it again. */
export async function describeFailure(seed: number, violations: readonly Violation[]): Promise<string> {
  const lines: string[] = [];
  await playSchedule(seed, (line) => lines.push(line));
  const broken = violations.map(({ invariant, message }) => `${invariant}: ${message}`);
  return [`Seed ${seed}`, ...lines, "", `Seed ${seed} broke:`, ...broken].join("\n");
}
