import type { AgentObject, AgentRun, StoppedRun } from "../../src/agent/agent.ts";
import { textDelta } from "../../src/event/known-events.ts";
import { isTerminal, type TurnEvent } from "../../src/event/turn-event.ts";
import type { RunStore } from "../../src/run/index.ts";
import type { PortableSuite } from "../support/test-api.ts";
import { createGate, createWorld, idOf, LEASE_MS, request, untilStopped, type World } from "./engine-world.ts";

const id = idOf(1);

/** An agent that counts what it is asked, and does what its turn's message says. */
function countingAgent(cancel: (run: StoppedRun) => Promise<void> = async () => undefined): {
  readonly agent: AgentObject;
  readonly streamed: string[];
  readonly cancelled: StoppedRun[];
} {
  const streamed: string[] = [];
  const cancelled: StoppedRun[] = [];
  async function* stream(run: AgentRun): AsyncGenerator<TurnEvent> {
    streamed.push(run.executionId);
    yield textDelta("begun");
    await run.saveCheckpoint({ remote: run.executionId });
    if (run.input.message === "ask") yield { type: "approval.requested", data: { toolName: "send", input: {} } };
    else await untilStopped(run.signal);
  }
  return {
    agent: {
      stream,
      replay: "safe",
      async cancel(run) {
        cancelled.push(run);
        await cancel(run);
      },
    },
    streamed,
    cancelled,
  };
}

const asking = request(1, { input: { message: "ask" }, tags: { plan: "free" } });

/** Agents' `cancel`, on any store. */
export function agentCancelSuite(openStore: () => RunStore): PortableSuite {
  return ({ it, expect }) => {
    async function expectOneEnd(world: World): Promise<void> {
      await world.reach(id, "cancelled");
      expect((await world.log(id)).filter(isTerminal).map(({ type }) => type)).toEqual(["session.run.cancelled"]);
    }

    it("S7: waiting for an approval: the agent is told once, with what it kept and why, before the answer", async () => {
      const world = createWorld(openStore());
      const { agent, cancelled } = countingAgent();
      const engine = world.engine({ agents: { default: agent } });
      await engine.open(asking);
      await world.reach(id, "waiting_for_approval");
      expect((await engine.cancel(id, { reason: "Enough" })).state).toBe("cancelled");
      expect(cancelled).toMatchObject([
        {
          executionId: id,
          identity: asking.identity,
          tags: { plan: "free" },
          checkpoint: { remote: id },
          reason: "Enough",
          signal: { aborted: false },
        },
      ]);
      expect((await engine.cancel(id)).state).toBe("cancelled");
      expect(cancelled).toHaveLength(1);
      await expectOneEnd(world);
      await world.stop(engine);
    });

    it("S7: resuming, in the queue: told, from another engine too", async () => {
      const world = createWorld(openStore());
      const { agent, cancelled, streamed } = countingAgent();
      const engine = world.engine({ agents: { default: agent }, maxConcurrentRuns: 1 });
      await engine.open(asking);
      await world.reach(id, "waiting_for_approval");
      const other = world.engine({ agents: { default: agent }, maxConcurrentRuns: 1 });
      for (const [n, worker] of [
        [2, engine],
        [3, other],
      ] as const) {
        await worker.open(request(n));
        await world.reach(idOf(n), "running");
      }
      await engine.decideApproval(`${id}.1`, { decision: "approve" });
      // No worker has a slot left for it: it has no owner.
      expect((await world.run(id)).state).toBe("resuming");
      expect((await other.cancel(id)).state).toBe("cancelled");
      expect(cancelled.map(({ executionId }) => executionId)).toEqual([id]);
      expect(streamed.filter((one) => one === id)).toHaveLength(1);
      await world.stop(engine);
      await world.stop(other);
    });

    it("S7: running here: its signal tells the agent, and nobody else", async () => {
      const world = createWorld(openStore());
      const { agent, cancelled } = countingAgent();
      const engine = world.engine({ agents: { default: agent } });
      await engine.open(request(1));
      await world.reach(id, "running");
      const other = world.engine({ agents: { default: agent } });
      await other.cancel(id);
      await expectOneEnd(world);
      expect(cancelled).toEqual([]);
      await world.stop(engine);
      await world.stop(other);
    });

    it("S7: it asked and ended in the moment of the stop: told, because no signal has reached it", async () => {
      const world = createWorld(openStore());
      const gate = createGate();
      const { agent, cancelled } = countingAgent();
      const engine = world.engine({
        agents: {
          default: {
            ...agent,
            async *stream(run) {
              yield* agent.stream(run);
              await gate.passed;
            },
          },
        },
      });
      await engine.open(asking);
      await world.until(async () => (await world.types(id)).includes("approval.requested"));
      const other = world.engine({ agents: { default: agent } });
      expect((await other.cancel(id)).state).toBe("cancelling");
      gate.open();
      await expectOneEnd(world);
      expect(cancelled).toHaveLength(1);
      await world.stop(engine);
      await world.stop(other);
    });

    it("S7: never begun: nobody is told", async () => {
      const world = createWorld(openStore());
      const { agent, cancelled } = countingAgent();
      const engine = world.engine({ agents: { default: agent }, maxConcurrentRuns: 1 });
      await engine.open(request(2));
      await world.reach(idOf(2), "running");
      await engine.open(request(1));
      expect((await engine.cancel(id)).state).toBe("cancelled");
      expect(cancelled).toEqual([]);
      await world.stop(engine);
    });

    it("S7: its worker lost: told by the canceller, once the lease has lapsed", async () => {
      const world = createWorld(openStore());
      const { agent, cancelled } = countingAgent();
      const line = world.line();
      await world.engine({ line, agents: { default: agent } }).open(request(1));
      await world.until(async () => (await world.types(id)).includes("run.checkpointed"));
      line.cut();
      await world.clock.advance(LEASE_MS * 2);
      const other = world.engine({ agents: { default: agent } });
      expect((await other.cancel(id, { reason: "Late" })).state).toBe("cancelled");
      expect(cancelled).toMatchObject([{ executionId: id, checkpoint: { remote: id }, reason: "Late" }]);
      await expectOneEnd(world);
      await world.stop(other);
    });

    it("R5: begun again and in the queue: told, though this attempt was not begun", async () => {
      const world = createWorld(openStore());
      const { agent, cancelled } = countingAgent();
      const line = world.line();
      await world.engine({ line, agents: { default: agent } }).open(request(1));
      await world.reach(id, "running");
      line.cut();
      const other = world.engine({ agents: { default: agent }, maxConcurrentRuns: 1 });
      await other.open(request(2));
      await world.reach(id, "queued");
      expect((await other.cancel(id)).state).toBe("cancelled");
      expect(cancelled).toHaveLength(1);
      await world.stop(other);
    });

    it("R5: the worker that tells it is lost: told again, and ended once", async () => {
      const world = createWorld(openStore());
      const gate = createGate();
      const { agent, cancelled } = countingAgent((_run) => (cancelled.length === 1 ? gate.passed : Promise.resolve()));
      const line = world.line();
      const engine = world.engine({ line, agents: { default: agent } });
      await engine.open(asking);
      await world.reach(id, "waiting_for_approval");
      void engine.cancel(id).catch(() => undefined);
      await world.until(() => cancelled.length === 1);
      expect((await world.run(id)).state).toBe("cancelling");
      line.cut();
      const other = world.engine({ agents: { default: agent } });
      other.start();
      await expectOneEnd(world);
      expect(cancelled).toHaveLength(2);
      // The first one's engine has found out that it has the run no more.
      await world.until(() => cancelled[0]?.signal.aborted);
      gate.open();
      await world.stop(other);
    });

    it("R5: given up after its workers were lost: told why, and only what was begun", async () => {
      for (const replay of ["safe", "unsafe"] as const) {
        const world = createWorld(openStore());
        const { agent, cancelled } = countingAgent();
        const line = world.line();
        const options = {
          agents: { default: { ...agent, replay } },
          maxConcurrentRuns: 1,
          recovery: { maxAttempts: 0 },
        };
        const lost = world.engine({ line, ...options });
        await lost.open(request(1));
        await world.until(async () => (await world.types(id)).includes("run.checkpointed"));
        line.cut();
        await world.clock.advance(LEASE_MS * 2);
        const other = world.engine(options);
        other.start();
        await world.reach(id, "failed");
        const failure = (await other.inspect(id))?.failure;
        expect(failure?.code).toBe("recovery-failed");
        expect(cancelled).toMatchObject([{ executionId: id, checkpoint: { remote: id }, reason: failure?.message }]);
        expect((await world.log(id)).filter(isTerminal).map(({ type }) => type)).toEqual(["session.run.failed"]);
        await world.stop(other);
      }
    });

    it("R5: its deadline passes in the queue: told after an approval, and not before it was begun", async () => {
      const world = createWorld(openStore());
      const { agent, cancelled } = countingAgent();
      const engine = world.engine({ agents: { default: agent }, maxConcurrentRuns: 1 });
      await engine.open({ ...asking, deadlineMs: 60_000 });
      await world.reach(id, "waiting_for_approval");
      await engine.open(request(2));
      await world.reach(idOf(2), "running");
      await engine.open(request(3, { deadlineMs: 60_000 }));
      await engine.decideApproval(`${id}.1`, { decision: "approve" });
      expect((await world.run(id)).state).toBe("resuming");
      await world.reach(id, "failed");
      await world.reach(idOf(3), "failed");
      expect((await engine.inspect(id))?.failure?.code).toBe("deadline-exceeded");
      expect(cancelled.map(({ executionId, reason }) => [executionId, reason])).toEqual([
        [id, "The turn's deadline passed before it could go on"],
      ]);
      await world.stop(engine);
    });

    it("T4: one that fails, or takes too long, is logged, and the run is cancelled in bounded time", async () => {
      for (const fails of [true, false]) {
        const world = createWorld(openStore());
        const { agent, cancelled } = countingAgent(() =>
          fails ? Promise.reject(new Error("The sandbox is away")) : new Promise(() => undefined),
        );
        const engine = world.engine({ agents: { default: agent }, hookTimeoutMs: 500 });
        await engine.open(asking);
        await world.reach(id, "waiting_for_approval");
        const startedAt = world.clock.now();
        const stopped = engine.cancel(id);
        await expectOneEnd(world);
        expect((await stopped).state).toBe("cancelled");
        expect(world.clock.now() - startedAt).toBeLessThanOrEqual(1000);
        expect(world.logs.map(({ message }) => message)).toEqual(["The agent's cancel failed"]);
        expect(cancelled[0]?.signal.aborted).toBe(true);
        await world.stop(engine);
      }
    });

    it("S7: an engine that does not know the agent says so, and cancels the run", async () => {
      const world = createWorld(openStore());
      const { agent, cancelled } = countingAgent();
      const engine = world.engine({ agents: { newer: agent } });
      await engine.open({ ...asking, input: { message: "ask", agent: "newer" } });
      await world.reach(id, "waiting_for_approval");
      await world.stop(engine);
      const older = world.engine();
      expect((await older.cancel(id)).state).toBe("cancelled");
      expect(cancelled).toEqual([]);
      expect(world.logs.map(({ message }) => message)).toEqual([
        "The agent of a cancelled run is not known here: what it started elsewhere may go on",
      ]);
      await world.stop(older);
    });
  };
}
