import type { AgentRun } from "../../src/agent/agent.ts";
import { TurnError } from "../../src/errors.ts";
import { textDelta } from "../../src/event/known-events.ts";
import type { TurnEvent } from "../../src/event/turn-event.ts";
import type { RunEngine, RunEngineOptions } from "../../src/run/index.ts";
import type { PortableSuite } from "../support/test-api.ts";
import { createGate, createWorld, follow, idOf, LEASE_MS, notedHooks, request, type World } from "./engine-world.ts";
import type { StoreLine } from "./store-line.ts";

// An engine that is alone with its store, in a place that is put to sleep: it is told when to look, and keeps no timer.

interface Sleeper {
  readonly engine: RunEngine;
  /** The time that was asked for last. */
  readonly wakeAt: number | undefined;
  /** What the place does: time passes until the one asked for, and the engine looks around, again until it could. */
  ring(): Promise<void>;
}

function openSleeper(world: World, options: Partial<RunEngineOptions> & { readonly line?: StoreLine } = {}): Sleeper {
  let wakeAt: number | undefined;
  const engine = world.engine({ workerId: "the-only-one", ...options, wake: (at) => (wakeAt = at) });
  return {
    engine,
    get wakeAt() {
      return wakeAt;
    },
    async ring() {
      if (wakeAt === undefined) throw new Error("No time was asked for");
      await world.clock.advance(Math.max(0, wakeAt - world.clock.now()));
      const looked = (): Promise<boolean> =>
        engine.recover().then(
          () => true,
          () => false,
        );
      while (!(await looked())) await world.clock.advance(1000);
      await world.clock.advance(0);
    },
  };
}

const suite: PortableSuite = ({ it, expect }) => {
  it("R5: a run needs no timer and no poll, and afterwards time changes nothing", async () => {
    const world = createWorld();
    const sleeper = openSleeper(world);
    const { ended } = follow(await sleeper.engine.open(request(1)));
    await world.clock.advance(0);
    expect((await ended).at(-1)?.type).toBe("session.run.completed");
    await world.clock.advance(0);
    expect([world.clock.pending, sleeper.wakeAt]).toEqual([0, undefined]);
    await world.stop(sleeper.engine);
  });

  it("R3: a turn that waits for the one before it begins when that ends", async () => {
    const world = createWorld();
    const gate = createGate();
    const { engine } = openSleeper(world, {
      session: "enqueue",
      agents: {
        default: async function* () {
          yield textDelta("…");
          await gate.passed;
        },
      },
    });
    await engine.open(request(1, { session: "s" }));
    const second = follow(await engine.open(request(2, { session: "s" })));
    await world.clock.advance(0);
    gate.open();
    await world.clock.advance(0);
    expect((await second.ended).at(-1)?.type).toBe("session.run.completed");
    expect(world.clock.pending).toBe(0);
    await world.stop(engine);
  });

  it("R1: a turn that comes just as the engine has found nothing to do waits for no alarm", async () => {
    // Each moment of a turn's life, counted in microtasks.
    for (let moment = 0; moment < 200; moment++) {
      const world = createWorld();
      const { engine } = openSleeper(world, { session: "enqueue" });
      const first = engine.open(request(1, { session: "s" }));
      for (let tick = 0; tick < moment; tick++) await Promise.resolve();
      await engine.open(request(2, { session: "s" }));
      await first;
      await world.clock.advance(0);
      expect([moment, (await world.run(idOf(2, "s"))).state]).toEqual([moment, "completed"]);
      await world.stop(engine);
    }
  });

  it("R4: a run that takes many leases' time stays with its owner, looked after at each time asked for", async () => {
    const world = createWorld();
    const gate = createGate();
    let calls = 0;
    const sleeper = openSleeper(world, {
      agents: {
        default: async function* () {
          calls++;
          yield textDelta("slow");
          await gate.passed;
        },
      },
    });
    await sleeper.engine.open(request(1));
    await world.clock.advance(0);
    for (let round = 0; round < 5; round++) {
      expect(sleeper.wakeAt).toBe(world.clock.now() + LEASE_MS);
      await sleeper.ring();
    }
    expect(await world.run(idOf(1))).toMatchObject({ state: "running", epoch: 1, recoveries: 0 });
    gate.open();
    await world.clock.advance(0);
    expect([(await world.run(idOf(1))).state, calls]).toEqual(["completed", 1]);
    await world.stop(sleeper.engine);
  });

  it("R5: whatever an instance that is gone was at, the next one takes up at the time that was asked for", async () => {
    for (const point of ["queued", "running", "settling"] as const) {
      const world = createWorld();
      const line = world.line();
      const calls: string[] = [];
      const agents = {
        default: {
          replay: "safe",
          stream: async function* (): AsyncGenerator<TurnEvent> {
            calls.push("agent");
            yield textDelta("Hello");
            if (calls.filter((call) => call === "agent").length === 1 && point === "running") await createGate().passed;
          },
        },
      } as const;
      const persistAssistantMessage = async (): Promise<void> => {
        calls.push("persist");
        if (point === "settling" && calls.filter((call) => call === "persist").length === 1) await createGate().passed;
      };
      const first = openSleeper(world, { line, agents, hooks: { persistAssistantMessage } });
      if (point === "queued") {
        // Gone between the transaction of open and the claim.
        const opened = first.engine.open(request(1));
        await opened;
        line.cut();
      } else {
        await first.engine.open(request(1));
        await world.reach(idOf(1), point);
        line.cut();
      }
      expect(first.wakeAt).toBeDefined();
      await world.clock.advance((first.wakeAt ?? 0) - world.clock.now());
      const second = openSleeper(world, { agents, hooks: { persistAssistantMessage } });
      await second.engine.recover();
      await world.clock.advance(0);
      expect([point, (await world.run(idOf(1))).state]).toEqual([point, "completed"]);
      const again = {
        queued: ["agent", "persist"],
        running: ["agent", "agent", "persist"],
        settling: ["agent", "persist", "persist"],
      };
      expect(calls).toEqual(again[point]);
      await world.stop(second.engine);
    }
  });

  it("R6 R7: a question sleeps until its time, and its expiry goes on at the time asked for", async () => {
    const world = createWorld();
    const sleeper = openSleeper(world, {
      agents: {
        async *default({ resume }: AgentRun) {
          if (resume === undefined)
            yield { type: "approval.requested", data: { toolName: "pay", input: {}, expiresInMs: 60_000 } };
          else yield textDelta(resume.decision);
        },
      },
    });
    const { ended } = follow(await sleeper.engine.open(request(1)));
    await world.reach(idOf(1), "waiting_for_approval");
    expect(world.clock.pending).toBe(0);
    while (world.clock.now() < 1_000_000 + 59_000) await sleeper.ring();
    expect((await ended).find(({ type }) => type === "message.part.updated")?.data?.["delta"]).toBe("expired");
    await world.stop(sleeper.engine);
  });

  it("S5: events are trimmed at the time asked for", async () => {
    const world = createWorld();
    const sleeper = openSleeper(world, { retention: { maxAgeMs: 3_600_000 } });
    await sleeper.engine.open(request(1));
    await world.reach(idOf(1), "completed");
    const { finishedAt = 0 } = await world.run(idOf(1));
    expect(sleeper.wakeAt).toBe(finishedAt + 3_600_000);
    await sleeper.ring();
    expect([await world.log(idOf(1)), sleeper.wakeAt, world.clock.pending]).toEqual([[], undefined, 0]);
    await world.stop(sleeper.engine);
  });

  it("R1: a store that is in trouble for a moment keeps nobody waiting for ever", async () => {
    const world = createWorld();
    const line = world.line();
    const calls: string[] = [];
    const sleeper = openSleeper(world, { line, hooks: notedHooks(calls) });
    await sleeper.engine.open(request(1));
    let failures = 3;
    line.before = () => {
      if (failures-- > 0) throw new TurnError("store-busy", "not now");
    };
    for (let rings = 0; (await world.run(idOf(1))).state !== "completed"; rings++) {
      if (rings === 3) throw new Error("It was not looked after");
      await sleeper.ring();
    }
    expect([calls.includes("persist Echo: Question 1"), world.clock.pending]).toEqual([true, 0]);
    await world.stop(sleeper.engine);
  });
};

export default suite;
