import type { AgentRun } from "../../src/agent/agent.ts";
import type { TurnEvent } from "../../src/event/turn-event.ts";
import type { RunEngine } from "../../src/run/index.ts";
import { Slots } from "../../src/run/slots.ts";
import type { PortableSuite } from "../support/test-api.ts";
import { createGate, createWorld, follow, type Gate, idOf, request, untilStopped, type World } from "./engine-world.ts";

/** An agent that notes when it begins and waits for its gate. */
function gatedAgent(): {
  readonly begun: string[];
  readonly gates: Map<string, Gate>;
  readonly agent: (run: AgentRun) => AsyncGenerator<TurnEvent>;
} {
  const begun: string[] = [];
  const gates = new Map<string, Gate>();
  return {
    begun,
    gates,
    async *agent({ executionId, signal }) {
      begun.push(executionId);
      const gate = createGate();
      gates.set(executionId, gate);
      await Promise.race([gate.passed, untilStopped(signal)]);
      yield { type: "status", data: { status: "done" } };
    },
  };
}

const suite: PortableSuite = ({ describe, it, expect }) => {
  async function filled(slots: number): Promise<{ world: World; engine: RunEngine } & ReturnType<typeof gatedAgent>> {
    const world = createWorld();
    const gated = gatedAgent();
    const engine = world.engine({ agents: { default: gated.agent }, maxConcurrentRuns: slots });
    for (let n = 1; n <= slots; n++) await engine.open(request(n));
    await world.until(() => gated.begun.length === slots);
    return { world, engine, ...gated };
  }

  describe("R1: slots", () => {
    it("R1: turns that come at the same moment, with a slot for each, do not wait, and say nothing of a queue", async () => {
      const world = createWorld();
      const engine = world.engine({ maxConcurrentRuns: 20 });
      await Promise.all(Array.from({ length: 20 }, (_, n) => engine.open(request(n))));
      for (let n = 0; n < 20; n++) {
        await world.reach(idOf(n), "completed");
        expect((await world.types(idOf(n))).filter((type) => type.includes("queued"))).toEqual([]);
      }
      await world.stop(engine);
    });

    it("R1: at most maxConcurrentRuns run at once, and the others in order of priority, then of coming", async () => {
      const { world, engine, begun, gates } = await filled(2);
      const priorities = [0, 5, 0, 5, -1, 9];
      for (const [index, priority] of priorities.entries()) await engine.open(request(10 + index, { priority }));
      for (let done = 0; done < 8; done++) {
        await world.until(() => begun.length === Math.min(done + 2, 8));
        expect(engine.stats().heldSlots).toBeLessThanOrEqual(2);
        gates.get(begun[done] ?? "")?.open();
      }
      await world.until(() => engine.stats().heldSlots === 0);
      expect(begun.slice(2)).toEqual([15, 11, 13, 10, 12, 14].map((n) => idOf(n)));
      await engine.stop();
    });

    it("R1: a run that begins at once is never told to be queued", async () => {
      const { world, engine } = await filled(1);
      expect(await world.types(idOf(1))).toEqual(["session.run.started", "run.created", "run.state.changed"]);
      await world.stop(engine);
    });

    it("R1: the first run.queued is stored, and so is run.dequeued", async () => {
      const { world, engine, gates } = await filled(1);
      await engine.open(request(2, { priority: 3 }));
      await engine.open(request(3));
      gates.get(idOf(1))?.open();
      await world.reach(idOf(2), "running");
      expect((await world.log(idOf(2))).slice(2, 4)).toEqual([
        {
          id: "3",
          type: "run.queued",
          data: { queuePosition: 1, activeRunCount: 1, maxConcurrentRuns: 1, priority: 3 },
        },
        { id: "4", type: "run.dequeued", data: { activeRunCount: 1 } },
      ]);
      expect((await world.log(idOf(3))).at(-1)).toMatchObject({ type: "run.queued", data: { queuePosition: 2 } });
      await world.stop(engine);
    });

    it("R1: a clock that is set back keeps no position from those who wait", async () => {
      const world = createWorld();
      const { agent, gates } = gatedAgent();
      let backMs = 0;
      const engine = world.engine({
        agents: { default: agent },
        maxConcurrentRuns: 1,
        clock: { now: () => world.clock.now() - backMs, after: (ms, callback) => world.clock.after(ms, callback) },
      });
      for (let n = 1; n <= 4; n++) await engine.open(request(n));
      const reader = follow(await engine.attach(idOf(4)));
      await world.clock.advance(1000);
      backMs = 3_600_000;
      gates.get(idOf(1))?.open();
      await world.clock.advance(2000);
      const told = reader.events.filter(({ id }) => id === undefined);
      expect(told.map(({ data }) => data?.["queuePosition"])).toEqual([2]);
      await world.stop(engine);
    });

    it("R1: later positions go to attached readers only, at most one a second", async () => {
      const { world, engine, gates } = await filled(1);
      for (let n = 2; n <= 9; n++) await engine.open(request(n));
      const reader = follow(await engine.attach(idOf(9)));
      const startedAt = world.clock.now();
      const heardAt: number[] = [];
      let heard = 0;
      for (let n = 1; n <= 7; n++) {
        gates.get(idOf(n))?.open();
        for (let step = 0; step < 5; step++) {
          await world.clock.advance(100);
          const told = reader.events.filter(({ id }) => id === undefined).length;
          if (told > heard) heardAt.push(world.clock.now() - startedAt);
          expect(told - heard).toBeLessThanOrEqual(1);
          heard = told;
        }
      }
      await world.clock.advance(2000);
      const told = reader.events.filter(({ id }) => id === undefined);
      expect(told.length).toBeGreaterThan(1);
      heardAt.slice(1).forEach((at, index) => expect(at - (heardAt[index] ?? 0)).toBeGreaterThanOrEqual(1000));
      const positions = told.map(({ data }) => Number(data?.["queuePosition"]));
      expect(positions).toEqual([...positions].sort((one, other) => other - one));
      expect(positions.at(-1)).toBe(1);
      expect((await world.types(idOf(9))).filter((type) => type === "run.queued")).toEqual(["run.queued"]);
      await world.stop(engine);
    });
  });

  describe("R2: a slot is given back", () => {
    const waysToEnd: Readonly<Record<string, (run: AgentRun) => AsyncGenerator<TurnEvent>>> = {
      "its completion": async function* () {
        yield { type: "status" };
      },
      "a throw": async function* () {
        yield { type: "status" };
        throw new Error("boom");
      },
      "a reported failure": async function* () {
        yield { type: "error", data: { message: "no" } };
      },
      "a question": async function* () {
        yield { type: "approval.requested", data: { toolName: "send", input: {} } };
      },
      "a question that is none": async function* () {
        yield { type: "approval.requested", data: { toolName: 7 } };
      },
      "something that is no event": async function* () {
        yield 7 as unknown as TurnEvent;
      },
      "something that is no stream": () => 7 as unknown as AsyncGenerator<TurnEvent>,
      "a stream that throws when it is opened": () => {
        throw new Error("at once");
      },
      "its deadline": async function* ({ signal }) {
        yield { type: "status" };
        await untilStopped(signal);
      },
      "its deadline, while it does not listen": async function* () {
        yield { type: "status" };
        await new Promise(() => undefined);
      },
    };
    for (const [way, agent] of Object.entries(waysToEnd)) {
      it(`R2: once, after ${way}`, async () => {
        const world = createWorld();
        const engine = world.engine({ agents: { default: agent }, maxConcurrentRuns: 1 });
        for (let n = 1; n <= 3; n++) await engine.open(request(n, { deadlineMs: 1000 * n }));
        for (const n of [1, 2, 3]) {
          await world.until(async () =>
            ["completed", "failed", "waiting_for_approval"].includes((await world.run(idOf(n))).state),
          );
        }
        // A look for the next run holds a slot for as long as it lasts.
        await world.until(() => engine.stats().heldSlots === 0 && engine.stats().ownedRuns === 0);
        await engine.stop();
      });
    }

    it("R2: once, however often that is asked for", () => {
      const slots = new Slots(1);
      const giveBack = slots.take();
      expect(slots.free).toBe(false);
      giveBack();
      giveBack();
      expect(slots.held).toBe(0);
    });

    it("R2: a waiter that is cancelled does not hold up those behind it", async () => {
      const { world, engine, begun, gates } = await filled(1);
      for (let n = 2; n <= 5; n++) await engine.open(request(n));
      expect((await engine.cancel(idOf(2))).state).toBe("cancelled");
      expect((await engine.cancel(idOf(3))).state).toBe("cancelled");
      gates.get(idOf(1))?.open();
      await world.until(() => begun.includes(idOf(4)));
      gates.get(idOf(4))?.open();
      await world.until(() => begun.includes(idOf(5)));
      gates.get(idOf(5))?.open();
      await world.reach(idOf(5), "completed");
      expect(begun).toEqual([idOf(1), idOf(4), idOf(5)]);
      expect(engine.stats().heldSlots).toBe(0);
      await engine.stop();
    });

    it("R2: a cancelled run gives it back once, however often it is cancelled", async () => {
      const { world, engine, begun } = await filled(2);
      for (let n = 3; n <= 6; n++) await engine.open(request(n));
      await Promise.all([engine.cancel(idOf(1)), engine.cancel(idOf(1)), engine.cancel(idOf(1))]);
      await world.until(() => begun.length === 3);
      await world.clock.advance(1000);
      expect(engine.stats()).toMatchObject({ heldSlots: 2, ownedRuns: 2 });
      expect(begun).toEqual([1, 2, 3].map((n) => idOf(n)));
      await world.stop(engine);
    });
  });
};

export default suite;
