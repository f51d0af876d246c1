import type { AgentRun } from "../../src/agent/agent.ts";
import { TurnError } from "../../src/errors.ts";
import { textDelta } from "../../src/event/known-events.ts";
import type { TurnEvent } from "../../src/event/turn-event.ts";
import { isTerminal } from "../../src/event/turn-event.ts";
import type { PortableSuite } from "../support/test-api.ts";
import { createGate, createWorld, idOf, LEASE_MS, request, untilStopped } from "./engine-world.ts";

const suite: PortableSuite = ({ it, expect }) => {
  it("R4: a run that takes many leases' time stays with its owner, also through a slow hook", async () => {
    const world = createWorld();
    const gate = createGate();
    const persisting = createGate();
    let persists = 0;
    let begins = 0;
    const engine = world.engine({
      agents: {
        default: async function* () {
          begins++;
          await gate.passed;
          yield textDelta("slow");
        },
      },
      hooks: {
        persistAssistantMessage: () => {
          persists++;
          return persisting.passed;
        },
      },
      hookTimeoutMs: Infinity,
    });
    const other = world.engine({ agents: { default: { stream: () => untouched(), replay: "safe" } } });
    other.start();
    await engine.open(request(1));
    await world.clock.advance(LEASE_MS * 2.5);
    expect(await world.run(idOf(1))).toMatchObject({ state: "running", epoch: 1, workerId: "worker-1" });
    gate.open();
    await world.reach(idOf(1), "settling");
    await world.clock.advance(LEASE_MS * 2.5);
    expect(await world.run(idOf(1))).toMatchObject({ state: "settling", epoch: 1, workerId: "worker-1" });
    persisting.open();
    await world.reach(idOf(1), "completed");
    expect([begins, persists]).toEqual([1, 1]);
    await world.stop(engine);
    await world.stop(other);
  });

  it("R4: a renewal that fails until the lease lapses stops the run's writer and its agent", async () => {
    const world = createWorld();
    const line = world.line();
    let stopped: unknown;
    let calls = 0;
    const engine = world.engine({
      line,
      agents: {
        default: async function* ({ signal }) {
          calls++;
          yield textDelta("begun");
          await untilStopped(signal).catch((error: unknown) => {
            stopped = error;
          });
          yield textDelta("too late");
        },
      },
      hooks: { persistAssistantMessage: () => void calls++, onTurnEnd: () => void calls++ },
    });
    await engine.open(request(1));
    await world.reach(idOf(1), "running");
    await world.clock.advance(1000);
    line.before = () => {
      throw new TurnError("store-failed", "gone");
    };
    await world.until(() => stopped !== undefined);
    expect(world.clock.now()).toBeLessThanOrEqual(1_000_000 + LEASE_MS * 2);
    await world.clock.advance(LEASE_MS);
    expect(engine.stats()).toMatchObject({ heldSlots: 0, ownedRuns: 0 });
    expect(calls).toBe(1);
    expect((await world.log(idOf(1))).filter(({ data }) => data?.["delta"] === "too late")).toEqual([]);
    await world.stop(engine);
  });

  it("R4: another worker takes over when the lease lapses, and not before", async () => {
    const world = createWorld();
    const line = world.line();
    const agents = { default: { stream: steps, replay: "safe" as const } };
    const engine = world.engine({ line, agents });
    await engine.open(request(1));
    await world.until(async () => (await world.types(idOf(1))).includes("message.part.updated"));
    line.cut();
    const other = world.engine({ agents });
    other.start();
    const { leaseUntil } = await world.run(idOf(1));
    await world.clock.advance(leaseUntil - world.clock.now() - 1);
    expect(await world.run(idOf(1))).toMatchObject({ state: "running", epoch: 1 });
    await world.reach(idOf(1), "completed");
    expect(world.clock.now()).toBeLessThanOrEqual(leaseUntil + 500);
    expect(await world.run(idOf(1))).toMatchObject({ attempt: 2, recoveries: 1, epoch: 2 });
    await world.stop(other);
  });

  it("S9: an owner that stood still while another took over writes nothing and runs no hook", async () => {
    const world = createWorld();
    const line = world.line();
    const gate = createGate();
    const hooks: string[] = [];
    async function* agent(): AsyncGenerator<TurnEvent> {
      yield textDelta("before ");
      await gate.passed;
      yield textDelta("after");
    }
    const agents = { default: { stream: agent, replay: "safe" as const } };
    const options = (name: string): object => ({
      agents,
      hooks: { persistAssistantMessage: () => void hooks.push(name) },
    });
    const stalled = world.engine({ line, ...options("stalled") });
    await stalled.open(request(1));
    await world.until(async () => (await world.types(idOf(1))).includes("message.part.updated"));
    const goOn = line.hold();
    const other = world.engine(options("other"));
    other.start();
    await world.until(async () => (await world.run(idOf(1))).workerId === "worker-2");
    gate.open();
    goOn();
    await world.reach(idOf(1), "completed");
    await world.clock.advance(LEASE_MS * 2);
    const log = await world.log(idOf(1));
    expect(hooks).toEqual(["other"]);
    expect(log.filter(isTerminal)).toHaveLength(1);
    expect(log.flatMap(({ data }) => data?.["delta"] ?? [])).toEqual(["before ", "before ", "after"]);
    expect(log.map(({ id }) => id)).toEqual(log.map((_, index) => String(index + 1)));
    expect(stalled.stats()).toMatchObject({ heldSlots: 0, ownedRuns: 0 });
    await world.stop(stalled);
    await world.stop(other);
  });

  it("R4: a worker that comes back under its name takes its runs up at once", async () => {
    const world = createWorld();
    const line = world.line();
    const agents = { default: { stream: steps, replay: "safe" as const } };
    const engine = world.engine({ line, agents, workerId: "me" });
    await engine.open(request(1));
    await world.until(async () => (await world.types(idOf(1))).includes("message.part.updated"));
    line.cut();
    const startedAt = world.clock.now();
    const again = world.engine({ agents, workerId: "me" });
    again.start();
    await world.reach(idOf(1), "completed");
    expect(world.clock.now() - startedAt).toBeLessThan(LEASE_MS / 2);
    await world.stop(again);
  });
};

async function* untouched(): AsyncGenerator<TurnEvent> {
  yield textDelta("This agent was not to be called");
}

/** Hangs in its first attempt. */
async function* steps({ attempt, signal }: AgentRun): AsyncGenerator<TurnEvent> {
  yield textDelta(`attempt ${attempt}`);
  if (attempt === 1) await untilStopped(signal);
}

export default suite;
