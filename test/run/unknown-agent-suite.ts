import type { AgentObject, AgentRun } from "../../src/agent/agent.ts";
import { textDelta } from "../../src/event/known-events.ts";
import type { TurnEvent } from "../../src/event/turn-event.ts";
import type { RunStore } from "../../src/run/index.ts";
import type { PortableSuite } from "../support/test-api.ts";
import { createWorld, echo, idOf, LEASE_MS, refused, request, untilStopped, type World } from "./engine-world.ts";

const id = idOf(1);
const newer = { ...request(1), input: { message: "Question 1", agent: "newer" } };

async function* hang({ signal }: AgentRun): AsyncGenerator<TurnEvent> {
  yield textDelta("begun");
  await untilStopped(signal);
}

const asker: AgentObject = {
  async *stream({ resume }) {
    if (resume === undefined)
      yield { type: "approval.requested", data: { toolName: "send", input: {}, expiresInMs: 500 } };
    else yield textDelta(resume.decision);
  },
};

/** Workers of two versions on one store, as while a new one is rolled out: the older does not know the agent `newer`. */
export function unknownAgentSuite(openStore: () => RunStore): PortableSuite {
  return ({ it, expect }) => {
    /** Long enough for whoever wanted to do something. */
    const pass = (world: World): Promise<void> => world.clock.advance(LEASE_MS * 3);
    const queuedAt = async (world: World, engine: ReturnType<World["engine"]>): Promise<void> => {
      await engine.open(newer);
      expect((await world.run(id)).state).toBe("queued");
    };
    /** A worker of the newer version that has no slot left. */
    const busy = async (
      world: World,
      agents: Readonly<Record<string, AgentObject>>,
    ): Promise<ReturnType<World["engine"]>> => {
      const engine = world.engine({ agents: { default: hang, ...agents }, maxConcurrentRuns: 1 });
      await engine.open(request(9));
      await world.reach(idOf(9), "running");
      return engine;
    };

    it("R1: a queued run waits for a worker that knows its agent, and others go past it", async () => {
      const world = createWorld(openStore());
      const full = await busy(world, { newer: { stream: echo } });
      await queuedAt(world, full);
      const older = world.engine();
      await older.open(request(2));
      await world.reach(idOf(2), "completed");
      await pass(world);
      expect((await world.run(id)).state).toBe("queued");
      const free = world.engine({ agents: { newer: { stream: echo } } });
      free.start();
      await world.reach(id, "completed");
      for (const engine of [full, older, free]) await world.stop(engine);
      expect(world.logs).toEqual([]);
    });

    it("S1: the engine that does not know it refuses to open it, and to others it is what it is", async () => {
      const world = createWorld(openStore());
      const full = await busy(world, { newer: { stream: echo } });
      const older = world.engine();
      expect(await refused(older.open(newer))).toMatchObject({ code: "agent-not-found" });
      expect(await older.inspect(id)).toBeUndefined();
      await queuedAt(world, full);
      expect((await older.open(newer)).created).toBe(false);
      expect((await older.cancel(id)).state).toBe("cancelled");
      for (const engine of [full, older]) await world.stop(engine);
    });

    it("R5: a lapsed run is begun again by those who know its agent, and left alone by the others", async () => {
      const world = createWorld(openStore());
      const line = world.line();
      const lost = world.engine({ line, agents: { newer: { stream: hang, replay: "safe" } } });
      await lost.open(newer);
      await world.reach(id, "running");
      line.cut();
      const older = world.engine();
      older.start();
      await pass(world);
      expect(await older.recover()).toBe(0);
      expect(await world.run(id)).toMatchObject({ state: "running", attempt: 1, recoveries: 0 });
      const next = world.engine({ agents: { newer: { stream: echo, replay: "safe" } } });
      next.start();
      await world.reach(id, "completed");
      expect((await world.run(id)).attempt).toBe(2);
      for (const engine of [older, next]) await world.stop(engine);
    });

    it("R5: more lapsed runs of unknown agents than one look takes do not keep a worker from the others", async () => {
      const world = createWorld(openStore());
      const line = world.line();
      const lost = world.engine({ line, maxConcurrentRuns: 200, agents: { newer: { stream: hang, replay: "safe" } } });
      for (let n = 1; n <= 120; n++) await lost.open({ ...request(n), input: { message: "x", agent: "newer" } });
      await world.until(() => lost.stats().ownedRuns === 120);
      await world.reach(idOf(120), "running");
      const other = world.line();
      const crashed = world.engine({ line: other, agents: { default: { stream: hang, replay: "safe" } } });
      await crashed.open(request(500));
      await world.reach(idOf(500), "running");
      line.cut();
      other.cut();
      const older = world.engine({ agents: { default: { stream: echo, replay: "safe" } } });
      older.start();
      await world.reach(idOf(500), "completed");
      expect((await world.run(idOf(120))).state).toBe("running");
      await world.stop(older);
    });

    it("R5: what needs no agent, any worker does: a stop, a settle, an expiry, a deadline in the queue, a claim that was lost", async () => {
      const world = createWorld(openStore());
      const line = world.line();
      const calls: string[] = [];
      const lost = world.engine({
        line,
        maxConcurrentRuns: 3,
        agents: { newer: { stream: hang }, echo: { stream: echo }, asker },
        hooks: { persistAssistantMessage: () => (line.cut(), new Promise<void>(() => undefined)) },
      });
      const open = (n: number, agent: string, deadlineMs?: number): Promise<unknown> =>
        lost.open({
          ...request(n),
          input: { message: "x", agent },
          ...(deadlineMs === undefined ? {} : { deadlineMs }),
        });
      // Waits for an answer that nobody gives; the question expires.
      await open(1, "asker");
      await world.reach(idOf(1), "waiting_for_approval");
      // Running when its worker is lost, and stopped after that.
      await open(2, "newer");
      await open(3, "newer");
      await world.reach(idOf(3), "running");
      // Settling when its worker is lost: it takes its store away.
      await open(4, "echo");
      await open(5, "newer", 400);
      await world.until(async () => (await world.run(idOf(4))).state === "settling");
      const older = world.engine({
        hooks: { persistAssistantMessage: ({ executionId }) => void calls.push(executionId ?? "") },
      });
      older.start();
      await world.reach(idOf(4), "completed");
      expect(calls).toEqual([idOf(4)]);
      expect((await older.cancel(idOf(2))).state).toBe("cancelled");
      await world.reach(idOf(5), "failed");
      expect((await older.inspect(idOf(5)))?.failure?.code).toBe("deadline-exceeded");
      await world.reach(idOf(1), "resuming");
      await pass(world);
      expect((await world.run(idOf(1))).state).toBe("resuming");
      expect((await world.run(idOf(3))).state).toBe("running");
      const next = world.engine({ agents: { newer: { stream: echo }, asker } });
      next.start();
      await world.reach(idOf(1), "completed");
      // Its agent is not replay-safe: that is for those to say who know it.
      await world.reach(idOf(3), "failed");
      expect((await next.inspect(idOf(3)))?.failure?.code).toBe("recovery-failed");
      for (const engine of [older, next]) await world.stop(engine);
    });

    it("R5: claimed and not begun when its worker was lost: back in the queue, where it waits", async () => {
      const world = createWorld(openStore());
      const full = await busy(world, { newer: { stream: echo } });
      await queuedAt(world, full);
      const run = await world.run(id);
      const lapsesAt = world.clock.now() + LEASE_MS;
      await world.store.transact((tx) =>
        tx.updateRun(run, { state: "claimed", epoch: 1, workerId: "lost", leaseUntil: lapsesAt, wakeAt: lapsesAt }),
      );
      await world.stop(full);
      const older = world.engine();
      older.start();
      await pass(world);
      expect(await world.run(id)).toMatchObject({ state: "queued", recoveries: 1, workerId: undefined });
      const free = world.engine({ agents: { newer: { stream: echo } } });
      free.start();
      await world.reach(id, "completed");
      for (const engine of [older, free]) await world.stop(engine);
    });
  };
}
