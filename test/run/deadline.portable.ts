import type { AgentRun } from "../../src/agent/agent.ts";
import { textDelta } from "../../src/event/known-events.ts";
import type { TurnEvent } from "../../src/event/turn-event.ts";
import type { PortableSuite } from "../support/test-api.ts";
import { createWorld, idOf, notedHooks, request, untilStopped } from "./engine-world.ts";

const id = idOf(1);

const suite: PortableSuite = ({ it, expect }) => {
  it("a deadline ends a running turn, whether its agent listens or not", async () => {
    for (const listens of [true, false]) {
      const world = createWorld();
      const calls: string[] = [];
      let told: number | undefined;
      const engine = world.engine({
        agents: {
          default: async function* ({ signal, deadline }) {
            told = deadline;
            yield textDelta("begun");
            await (listens ? untilStopped(signal) : new Promise(() => undefined));
          },
        },
        hooks: notedHooks(calls),
      });
      await engine.open(request(1, { deadlineMs: 2500 }));
      await world.clock.advance(2400);
      expect((await world.run(id)).state).toBe("running");
      await world.reach(id, "failed");
      expect(world.clock.now()).toBeLessThanOrEqual(1_002_600);
      expect(told).toBe(1_002_500);
      expect((await engine.inspect(id))?.failure).toEqual({
        code: "deadline-exceeded",
        message: "The turn did not finish before its deadline",
      });
      expect(calls).toEqual(["end failed", "flush"]);
      await world.stop(engine);
    }
  });

  it("a deadline passes in the queue too, and takes no slot", async () => {
    const world = createWorld();
    const begun: number[] = [];
    const engine = world.engine({
      agents: {
        default: async function* ({ identity, signal }) {
          begun.push(identity.turnIndex);
          await untilStopped(signal);
          yield textDelta("never");
        },
      },
      maxConcurrentRuns: 1,
    });
    await engine.open(request(1));
    await engine.open(request(2, { deadlineMs: 1000 }));
    await world.reach(idOf(2), "failed");
    expect(world.clock.now()).toBeLessThanOrEqual(1_001_300);
    expect((await engine.inspect(idOf(2)))?.failure?.code).toBe("deadline-exceeded");
    expect(begun).toEqual([1]);
    await world.stop(engine);
  });

  it("a deadline pauses while the turn waits for a person, and goes on with what was left", async () => {
    const world = createWorld();
    const deadlines: (number | undefined)[] = [];
    const engine = world.engine({
      agents: {
        default: async function* ({ resume, deadline, signal }: AgentRun): AsyncGenerator<TurnEvent> {
          deadlines.push(deadline);
          if (resume === undefined) {
            await new Promise<void>((resolve) => void world.clock.after(1000, resolve));
            yield { type: "approval.requested", data: { toolName: "send", input: {} } };
          } else await untilStopped(signal);
        },
      },
    });
    await engine.open(request(1, { deadlineMs: 3000 }));
    await world.reach(id, "waiting_for_approval");
    await world.clock.advance(5000);
    expect((await world.run(id)).state).toBe("waiting_for_approval");
    await engine.decideApproval(`${id}.1`, { decision: "approve" });
    const resumedAt = world.clock.now();
    await world.reach(id, "failed");
    expect(deadlines).toEqual([1_003_000, resumedAt + 2000]);
    expect(world.clock.now() - resumedAt).toBeGreaterThanOrEqual(2000);
    expect(world.clock.now() - resumedAt).toBeLessThanOrEqual(2300);
    await world.stop(engine);
  });

  it("no deadline, and Infinity, are never over", async () => {
    const world = createWorld();
    const engine = world.engine({
      agents: {
        default: async function* ({ signal, deadline }) {
          yield textDelta(String(deadline));
          await untilStopped(signal);
        },
      },
    });
    await engine.open(request(1, { deadlineMs: Infinity }));
    await world.clock.advance(5000);
    expect(await world.run(id)).toMatchObject({ state: "running", deadlineAt: undefined });
    await world.stop(engine);
  });
};

export default suite;
