import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { killAtRandom } from "./random-kills.ts";
import { until } from "../http/http-client.ts";
import { storageFolder } from "./storage-folder.ts";
import { aroundHooks, atEvents, type CrashPoint } from "./crash-plan.ts";
import { crashAndComeBack, crashUnattended, CRASH_STEPS, readAndApprove, startAndLeave } from "./crash-turn.ts";
import { idOf, openWorld, startTurnWorkers, type TurnWorkers } from "./turn-workers.ts";

// Objects that are thrown away, and whole processes that are killed, at each event of a turn and around each hook; with
// readers that come back.

const folder = storageFolder();
let workers: TurnWorkers;
/** How many events a turn has that nothing happens to. */
let count = 0;

beforeAll(async () => {
  workers = await startTurnWorkers(folder.path);
  count = (await readAndApprove(openWorld(workers, "crash"), "calm", CRASH_STEPS)).length;
});

afterAll(async () => {
  await workers.stop();
  folder.remove();
});

function crashAt(kind: "crash" | "batched", ...points: readonly CrashPoint[]): Promise<string[]> {
  return crashAndComeBack(openWorld(workers, kind), kind, points);
}

/** Generous: each test is many turns. */
const PATIENCE = { timeout: 120_000 };

describe("a turn whose object is thrown away", PATIENCE, () => {
  it("has events one by one to be thrown away at", () => {
    expect(count).toBe(18);
  });

  for (const kind of ["crash", "batched"] as const) {
    it(`R5 R8 S2: at each of its events, and around each hook: ${kind}`, async () => {
      const points = [...atEvents("abort", count), ...aroundHooks("abort")];
      const broken = await Promise.all(points.map((point) => crashAt(kind, point)));
      expect(broken.flat()).toEqual([]);
    });
  }

  it("R5 R8 S2: again and again, one instance after the other, while they recover", async () => {
    const points = atEvents("abort", count).filter(({ event, when }) => (when === "before") === (event % 3 === 0));
    expect(await crashAt("crash", ...points)).toEqual([]);
  });
});

describe("what an object was at when it was lost", PATIENCE, () => {
  it("R5: is taken up with the first request, whatever that asks, and not when the lease lapses", async () => {
    const world = openWorld(workers, "plain");
    await world.plan("asked-after", { how: "abort", event: 4, when: "after" });
    await startAndLeave(world, "asked-after", [{ say: "Hello " }, { tool: "look" }, { say: "there" }]);
    const { finalText } = await until(
      () => world.inspect(idOf("asked-after")),
      ({ state }) => state === "completed",
      "the turn has ended",
    );
    expect(finalText).toBe("Hello there");
    expect((await world.look("asked-after")).boots).toHaveLength(2);
  });
});

describe("a turn whose workerd is killed", PATIENCE, () => {
  it("R5 R8 S2: at each of its events, and around each hook", async () => {
    // Before an event and after the one before it is much the same; the soak does both.
    const points = [...atEvents("kill", count, "before"), ...aroundHooks("kill")];
    for (const point of points) expect(await crashAt("crash", point)).toEqual([]);
    expect(workers.kills).toBe(points.length);
  });
});

describe("ten turns at a time", PATIENCE, () => {
  it("R5 R8 S2: come to their ends when workerd is killed at random moments (`npm run soak:cloudflare`: 100)", async () => {
    const seed = 1;
    const { broken, restarts } = await killAtRandom(workers, { kills: 10, seed });
    expect({ seed, broken }).toEqual({ seed, broken: [] });
    expect(restarts).toBeGreaterThan(0);
  });
});

describe("a turn that nobody reads and nobody asks after", PATIENCE, () => {
  it("R5 R8: is brought to its end by the alarm alone, wherever its object is thrown away", async () => {
    const points = [...atEvents("abort", count, "after"), ...aroundHooks("abort")];
    const broken = await Promise.all(points.map((point) => crashUnattended(openWorld(workers, "crash"), point)));
    expect(broken.flat()).toEqual([]);
  });

  it("R5 R8: and wherever its workerd is killed", async () => {
    const before = workers.kills;
    const points = [...atEvents("kill", count, "after"), ...aroundHooks("kill")];
    for (const point of points) expect(await crashUnattended(openWorld(workers, "crash"), point)).toEqual([]);
    expect(workers.kills - before).toBe(points.length);
  });
});
