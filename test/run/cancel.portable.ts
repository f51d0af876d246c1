import type { AgentRun } from "../../src/agent/agent.ts";
import { textDelta } from "../../src/event/known-events.ts";
import type { TurnEvent } from "../../src/event/turn-event.ts";
import { isTerminal } from "../../src/event/turn-event.ts";
import type { RunEngine } from "../../src/run/index.ts";
import type { PortableSuite } from "../support/test-api.ts";
import {
  createGate,
  createWorld,
  idOf,
  notedHooks,
  refused,
  request,
  untilStopped,
  type World,
} from "./engine-world.ts";

const id = idOf(1);

async function* hanging({ signal }: AgentRun): AsyncGenerator<TurnEvent> {
  yield textDelta("begun");
  await untilStopped(signal);
}

async function running(
  options: Parameters<World["engine"]>[0] = {},
): Promise<{ world: World; engine: RunEngine; calls: string[] }> {
  const world = createWorld();
  const calls: string[] = [];
  const engine = world.engine({ agents: { default: hanging }, hooks: notedHooks(calls), ...options });
  await engine.open(request(1));
  await world.until(async () => (await world.types(id)).includes("message.part.updated"));
  return { world, engine, calls };
}

const suite: PortableSuite = ({ it, expect }) => {
  async function expectCancelled(world: World, reason?: string): Promise<void> {
    await world.reach(id, "cancelled");
    const ends = (await world.log(id)).filter(isTerminal);
    expect(ends).toHaveLength(1);
    expect(ends[0]).toMatchObject({
      type: "session.run.cancelled",
      data: { executionId: id, ...(reason === undefined ? {} : { reason }) },
    });
  }

  it("S7: running: the intent is recorded, the agent is told why, and the turn is dropped", async () => {
    const { world, engine, calls } = await running();
    expect((await engine.cancel(id, { reason: "Enough" })).state).toBe("cancelling");
    await expectCancelled(world, "Enough");
    expect(calls).toEqual(["end cancelled", "flush"]);
    expect((await engine.inspect(id))?.finalText).toBe("");
    await world.stop(engine);
  });

  it("S7: running, with partialText keep: the text so far is kept", async () => {
    const { world, engine, calls } = await running({ partialText: "keep" });
    await engine.cancel(id);
    await expectCancelled(world);
    expect(calls).toEqual(["transform", "persist begun", "end cancelled", "flush"]);
    await world.stop(engine);
  });

  it("S7: from another engine: the owner hears of it within a poll", async () => {
    const { world, engine } = await running();
    const other = world.engine();
    const startedAt = world.clock.now();
    const snapshot = other.cancel(id, { reason: "From afar" });
    await world.until(async () => (await world.run(id)).state !== "running");
    expect((await snapshot).state).toBe("cancelling");
    await expectCancelled(world, "From afar");
    expect(world.clock.now() - startedAt).toBeLessThanOrEqual(400);
    await world.stop(engine);
    await world.stop(other);
  });

  it("S7: queued: the answer is the end, it takes no slot, and no agent begins", async () => {
    const { world, engine } = await running({ maxConcurrentRuns: 1 });
    await engine.open(request(2));
    expect((await engine.cancel(idOf(2), { reason: "Changed my mind" })).state).toBe("cancelled");
    expect(await world.types(idOf(2))).toEqual([
      "session.run.started",
      "run.created",
      "run.queued",
      "run.state.changed",
      "run.state.changed",
      "session.run.cancelled",
    ]);
    expect(engine.stats()).toMatchObject({ heldSlots: 1 });
    await world.stop(engine);
  });

  it("S7: its worker lost, its lease not lapsed: recorded, and finished by the next worker", async () => {
    const world = createWorld();
    const line = world.line();
    const engine = world.engine({ line, agents: { default: hanging } });
    await engine.open(request(1));
    await world.reach(id, "running");
    line.cut();
    const other = world.engine();
    const snapshot = other.cancel(id, { reason: "Anyway" });
    await world.until(async () => (await world.run(id)).state === "cancelling");
    expect((await snapshot).state).toBe("cancelling");
    await expectCancelled(world, "Anyway");
    await world.stop(other);
  });

  it("S7: its worker lost, its lease lapsed: the canceller settles it, and the answer is the end", async () => {
    const world = createWorld();
    const line = world.line();
    const engine = world.engine({ line, agents: { default: hanging } });
    await engine.open(request(1));
    await world.reach(id, "running");
    line.cut();
    await world.clock.advance(60_000);
    const calls: string[] = [];
    const other = world.engine({ hooks: notedHooks(calls) });
    expect((await other.cancel(id)).state).toBe("cancelled");
    await expectCancelled(world);
    await world.stop(other);
  });

  it("S7: resuming, in the queue: the answer is the end, and the agent is not called with the decision", async () => {
    const world = createWorld();
    let calls = 0;
    const blocker = createGate();
    async function* agent({ identity }: AgentRun): AsyncGenerator<TurnEvent> {
      if (identity.turnIndex === 2) {
        await blocker.passed;
        return;
      }
      calls++;
      yield { type: "approval.requested", data: { toolName: "send", input: {} } };
    }
    const engine = world.engine({ agents: { default: agent }, maxConcurrentRuns: 1 });
    await engine.open(request(1));
    await world.reach(id, "waiting_for_approval");
    await engine.open(request(2));
    await world.reach(idOf(2), "running");
    await engine.decideApproval(`${id}.1`, { decision: "approve" });
    expect((await world.run(id)).state).toBe("resuming");
    expect((await engine.cancel(id)).state).toBe("cancelled");
    expect(calls).toBe(1);
    await world.stop(engine);
  });

  it("S7: settling stays as it is, and completes", async () => {
    const gate = createGate();
    const world = createWorld();
    const engine = world.engine({ hooks: { persistAssistantMessage: () => gate.passed } });
    await engine.open(request(1));
    await world.reach(id, "settling");
    expect((await engine.cancel(id)).state).toBe("settling");
    gate.open();
    await world.reach(id, "completed");
    expect((await engine.cancel(id)).state).toBe("completed");
    expect((await world.log(id)).filter(isTerminal)).toHaveLength(1);
    await world.stop(engine);
  });

  it("S7: twice: the first reason stands, and there is one end", async () => {
    const { world, engine } = await running();
    const both = await Promise.all([engine.cancel(id, { reason: "First" }), engine.cancel(id, { reason: "Second" })]);
    expect(both.map(({ state }) => state)).toEqual(["cancelling", "cancelling"]);
    await expectCancelled(world, "First");
    await world.stop(engine);
  });

  it("S7: an agent that ends by itself in the same moment does not undo a recorded stop", async () => {
    const world = createWorld();
    const gate = createGate();
    const calls: string[] = [];
    const engine = world.engine({
      agents: {
        default: async function* () {
          await gate.passed;
          yield textDelta("whole");
        },
      },
      hooks: notedHooks(calls),
    });
    await engine.open(request(1));
    await world.reach(id, "running");
    const other = world.engine();
    const stopped = other.cancel(id, { reason: "Now" });
    await world.until(async () => (await world.run(id)).state === "cancelling");
    gate.open();
    await stopped;
    await expectCancelled(world, "Now");
    expect(calls.filter((call) => call.startsWith("persist"))).toEqual([]);
    await world.stop(engine);
    await world.stop(other);
  });

  it("S7: unknown executions are refused", async () => {
    const world = createWorld();
    const engine = world.engine();
    expect(await refused(engine.cancel("nothing"))).toMatchObject({ code: "execution-not-found" });
    expect(await refused(engine.cancel(" "))).toBeInstanceOf(TypeError);
    expect(await refused(engine.cancel("x", { reason: 7 as unknown as string }))).toBeInstanceOf(TypeError);
    await world.stop(engine);
  });
};

export default suite;
