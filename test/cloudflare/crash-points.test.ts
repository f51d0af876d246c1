import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { storageFolder } from "./storage-folder.ts";
import type { CrashKind, CrashPoint } from "./crash-plan.ts";
import { until } from "../http/http-client.ts";
import {
  checkTurn,
  CRASH_STEPS,
  HOOKS,
  nameOf,
  readAndApprove,
  startAndLeave,
  UNATTENDED_STEPS,
} from "./crash-turn.ts";
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

const WHENS = ["before", "after"] as const;
const indices = (): number[] => Array.from({ length: count }, (_, index) => index + 1);
const aroundHooks = (how: CrashKind): CrashPoint[] =>
  HOOKS.flatMap((hook) => WHENS.map((when) => ({ how, hook, when })));

async function crashAt(kind: "crash" | "batched", ...points: readonly CrashPoint[]): Promise<string[]> {
  const world = openWorld(workers, kind);
  const sessionId = `${kind}-${points.map(nameOf)[0]}-and-${points.length - 1}`;
  await world.plan(sessionId, ...points);
  const read = await readAndApprove(world, sessionId, CRASH_STEPS);
  return checkTurn(world, sessionId, { read, steps: CRASH_STEPS, crashes: points });
}

/** Generous: each test is many turns. */
const PATIENCE = { timeout: 120_000 };

describe("a turn whose object is thrown away", PATIENCE, () => {
  it("has events one by one to be thrown away at", () => {
    expect(count).toBe(18);
  });

  for (const kind of ["crash", "batched"] as const) {
    it(`R5 R8 S2: at each of its events, and around each hook: ${kind}`, async () => {
      const atEvents = indices().flatMap((event) => WHENS.map((when) => ({ how: "abort", event, when }) as const));
      const broken = await Promise.all([...atEvents, ...aroundHooks("abort")].map((point) => crashAt(kind, point)));
      expect(broken.flat()).toEqual([]);
    });
  }

  it("R5 R8 S2: again and again, one instance after the other, while they recover", async () => {
    const points = indices().map(
      (event) => ({ how: "abort", event, when: event % 3 === 0 ? "before" : "after" }) as const,
    );
    expect(await crashAt("crash", ...points)).toEqual([]);
  });
});

describe("a turn whose workerd is killed", PATIENCE, () => {
  it("R5 R8 S2: at each of its events, and around each hook", async () => {
    const points = [
      ...indices().map((event) => ({ how: "kill", event, when: "before" }) as const),
      ...aroundHooks("kill"),
    ];
    for (const point of points) expect(await crashAt("crash", point)).toEqual([]);
    expect(workers.kills).toBe(points.length);
  });
});

describe("a turn that nobody reads and nobody asks after", PATIENCE, () => {
  it("R5 R8: is brought to its end by the alarm alone, wherever its object is thrown away", async () => {
    const points = [
      ...indices().map((event) => ({ how: "abort", event, when: "after" }) as const),
      ...aroundHooks("abort"),
    ];
    const broken = await Promise.all(points.map((point) => leaveAt(point)));
    expect(broken.flat()).toEqual([]);
  });

  it("R5 R8: and wherever its workerd is killed", async () => {
    const before = workers.kills;
    const points = [
      ...indices().map((event) => ({ how: "kill", event, when: "after" }) as const),
      ...aroundHooks("kill"),
    ];
    for (const point of points) expect(await leaveAt(point)).toEqual([]);
    expect(workers.kills - before).toBe(points.length);
  });
});

/** A turn whose client is gone for good when the crash comes. */
async function leaveAt(point: CrashPoint): Promise<string[]> {
  const world = openWorld(workers, "crash");
  const sessionId = `unattended ${nameOf(point)}`;
  await world.plan(sessionId, point);
  await startAndLeave(world, sessionId);
  // The book is asked, never the object itself; while workerd is down there is no answer.
  await until(
    () => world.notes(idOf(sessionId)).catch(() => []),
    (notes) => notes.some(({ what }) => what === "end"),
    "the turn has ended",
  );
  const { boots } = await world.look(sessionId);
  const broken = boots.slice(1).some(({ requests }) => requests > 0) ? [`${sessionId}: it was asked for`] : [];
  return [...broken, ...(await checkTurn(world, sessionId, { steps: UNATTENDED_STEPS, crashes: [point] }))];
}
