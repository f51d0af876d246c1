import type { AgentRun } from "../../src/agent/agent.ts";
import { textDelta } from "../../src/event/known-events.ts";
import type { TurnEvent } from "../../src/event/turn-event.ts";
import type { PortableSuite } from "../support/test-api.ts";
import { createGate, createWorld, follow, idOf, LEASE_MS, refused, request, untilStopped } from "./engine-world.ts";

async function* hanging({ signal }: AgentRun): AsyncGenerator<TurnEvent> {
  yield textDelta("begun");
  await untilStopped(signal);
}

const suite: PortableSuite = ({ it, expect }) => {
  it("stop gives runs at work their time to end, claims no more, and then refuses everything", async () => {
    const world = createWorld();
    const gate = createGate();
    const engine = world.engine({
      agents: {
        default: async function* () {
          yield textDelta("begun");
          await gate.passed;
          yield textDelta(" and done");
        },
      },
      maxConcurrentRuns: 1,
    });
    await engine.open(request(1));
    await engine.open(request(2));
    await world.reach(idOf(1), "running");
    const stopped = engine.stop({ graceMs: 5000 });
    expect(engine.stop()).toBe(stopped);
    for (const call of [
      () => engine.open(request(3)),
      () => engine.attach(idOf(1)),
      () => engine.cancel(idOf(1)),
      () =>
        engine
          .decideApproval("x", { decision: "approve" })
          .catch(() => engine.decide("x", "x", { decision: "approve" })),
    ]) {
      expect(await refused(call())).toMatchObject({ code: "closed" });
    }
    expect(() => engine.start()).toThrow("The run engine was stopped");
    await world.clock.advance(1000);
    gate.open();
    await stopped;
    expect((await world.run(idOf(1))).state).toBe("completed");
    expect((await world.run(idOf(2))).state).toBe("queued");
    expect(world.clock.pending).toBe(0);
    expect(engine.stats()).toMatchObject({ heldSlots: 0, ownedRuns: 0 });
  });

  it("what is left after the grace is told to stop, given back, and taken up by others at once", async () => {
    const world = createWorld();
    const agents = { default: { stream: hanging, replay: "safe" as const } };
    const engine = world.engine({ agents });
    await engine.open(request(1));
    await world.reach(idOf(1), "running");
    const stopped = engine.stop({ graceMs: 1000 });
    await world.clock.advance(1000);
    await stopped;
    expect(await world.run(idOf(1))).toMatchObject({ state: "running", workerId: undefined });
    const other = world.engine({ agents });
    other.start();
    const startedAt = world.clock.now();
    await world.until(async () => (await world.run(idOf(1))).attempt === 2);
    expect(world.clock.now() - startedAt).toBeLessThan(LEASE_MS / 2);
    await world.stop(other);
  });

  it("readers of a stopped engine are told, with an error that says to come again", async () => {
    const world = createWorld();
    const engine = world.engine({ agents: { default: hanging } });
    const reader = follow(await engine.open(request(1)));
    const late = await engine.attach(idOf(1));
    await world.until(() => reader.events.length >= 4);
    await world.stop(engine);
    expect(await refused(reader.ended)).toMatchObject({ code: "closed", retryable: true });
    expect(await refused(follow(late).ended)).toMatchObject({ code: "closed" });
  });

  it("stats count slots, owned runs and readers, and fall back to nothing", async () => {
    const world = createWorld();
    const engine = world.engine({ agents: { default: hanging }, maxConcurrentRuns: 2, workerId: "me" });
    const readers = [];
    for (const n of [1, 2, 3]) readers.push(follow(await engine.open(request(n))));
    await world.until(() => engine.stats().readers === 3);
    expect(engine.stats()).toEqual({
      workerId: "me",
      heldSlots: 2,
      maxConcurrentRuns: 2,
      ownedRuns: 2,
      readers: 3,
    });
    for (const n of [1, 2, 3]) await engine.cancel(idOf(n));
    await Promise.all(readers.map(({ ended }) => ended));
    await world.until(() => engine.stats().ownedRuns === 0);
    expect(engine.stats()).toMatchObject({ heldSlots: 0, ownedRuns: 0, readers: 0 });
    await world.stop(engine);
  });

  it("S6: a reader that leaves in any way is not counted any more, and the run goes on", async () => {
    const world = createWorld();
    const gate = createGate();
    const engine = world.engine({
      agents: {
        default: async function* () {
          for (let n = 0; n < 10; n++) yield textDelta(`${n}`);
          await gate.passed;
        },
      },
    });
    await engine.open(request(1));
    await world.until(async () => (await world.log(idOf(1))).length >= 13);
    for await (const event of (await engine.attach(idOf(1))).events) if (event.id === "5") break;
    const waiting = (await engine.attach(idOf(1), { after: "13" })).events[Symbol.asyncIterator]();
    const next = waiting.next();
    await world.until(() => engine.stats().readers === 1);
    await waiting.return?.();
    expect(await next).toEqual({ value: undefined, done: true });
    const leaving = new AbortController();
    const reader = follow(await engine.attach(idOf(1), { signal: leaving.signal }));
    await world.until(() => reader.events.length === 13);
    leaving.abort();
    await reader.ended;
    // One that never begins to read costs nothing.
    await engine.attach(idOf(1));
    expect(engine.stats().readers).toBe(0);
    gate.open();
    await world.reach(idOf(1), "completed");
    await world.stop(engine);
  });
};

export default suite;
