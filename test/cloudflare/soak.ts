import { aroundHooks, atEvents } from "./crash-plan.ts";
import { crashAndComeBack, crashUnattended, CRASH_STEPS, readAndApprove } from "./crash-turn.ts";
import { evictIdle } from "./evict-idle.ts";
import { killAtRandom } from "./random-kills.ts";
import { storageFolder } from "./storage-folder.ts";
import { openWorld, startTurnWorkers } from "./turn-workers.ts";

// `npm run soak:cloudflare -- --kills 100 --seed 7`: workerd is killed at each event of a turn and around each hook, with
// and without a reader, and then at random moments with ten turns at work. Before that, objects are left alone until the platform itself puts
// them to sleep.

function option(name: string, fallback: number): number {
  const at = process.argv.indexOf(`--${name}`);
  const value = at === -1 ? fallback : Number(process.argv[at + 1]);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`--${name} must be a whole number`);
  return value;
}

/** How many events go to the disk together when a turn is opened: its agent is called in the same breath. */
const OPENED_WITH = 3;
const kills = option("kills", 100);
const seed = option("seed", Date.now() % 1_000_000);
const folder = storageFolder();
const workers = await startTurnWorkers(folder.path);
const startedAt = performance.now();
try {
  const idle = await evictIdle(workers);
  const points = await killAtEachPoint();
  const random = await killAtRandom(workers, { kills, seed });
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  console.log(JSON.stringify({ seed, seconds, idle, points, random }, null, 2));
  process.exitCode = idle.length + points.broken.length + random.broken.length === 0 ? 0 : 1;
} finally {
  await workers.stop();
  folder.remove();
}

async function killAtEachPoint(): Promise<{ readonly kills: number; readonly broken: readonly string[] }> {
  const worlds = { crash: openWorld(workers, "crash"), batched: openWorld(workers, "batched") };
  const { length } = await readAndApprove(worlds.crash, "calm", CRASH_STEPS);
  const broken: string[] = [];
  for (const point of [...atEvents("kill", length), ...aroundHooks("kill")]) {
    for (const [label, world] of Object.entries(worlds))
      broken.push(...(await crashAndComeBack(world, label, [point])));
    // Before they are there, no turn was accepted that anybody could bring to its end.
    const accepted = !("event" in point) || point.when === "after" || point.event > OPENED_WITH;
    if (accepted) broken.push(...(await crashUnattended(worlds.crash, point)));
  }
  return { kills: workers.kills, broken };
}
