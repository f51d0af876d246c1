import type { AgentRun } from "../../src/agent/agent.ts";
import { TurnError } from "../../src/errors.ts";
import { textDelta } from "../../src/event/known-events.ts";
import type { TurnEvent } from "../../src/event/turn-event.ts";
import type { RunEngine, RunEngineOptions, RunStore } from "../../src/run/index.ts";
import type { ExecutionState } from "../../src/substrate/index.ts";
import type { PortableSuite } from "../support/test-api.ts";
import { createWorld, idOf, LEASE_MS, notedHooks, request, untilStopped, type World } from "./engine-world.ts";
import type { StoreLine } from "./store-line.ts";

// Each state that a crash can leave a run in, and how it goes on from there.

const id = idOf(1);

interface Crashed {
  readonly world: World;
  /** What the agents did: `begin <attempt>`, and `resume <decision>`. */
  readonly begun: string[];
  readonly calls: string[];
  readonly revive: (options?: Parameters<World["engine"]>[0]) => RunEngine;
}

/** A run whose worker dies the moment it is as wanted. */
async function crashWhen(
  wanted: (world: World, engine: RunEngine, line: StoreLine) => Promise<unknown>,
  replay: "safe" | "unsafe",
  first: Partial<RunEngineOptions> = {},
): Promise<Crashed> {
  const world = createWorld();
  const begun: string[] = [];
  const calls: string[] = [];
  async function* agent({ attempt, resume, signal, input }: AgentRun): AsyncGenerator<TurnEvent> {
    begun.push(resume === undefined ? `begin ${attempt}` : `resume ${resume.decision}`);
    yield textDelta(resume === undefined ? `answer ${attempt}` : ` and ${resume.decision}`);
    if (input.data === "ask" && resume === undefined) {
      yield { type: "approval.requested", data: { toolName: "send", input: {} } };
    } else if (input.data === "hang" && attempt === 1) {
      await untilStopped(signal);
    }
  }
  const common = { agents: { default: { stream: agent, replay } }, hooks: notedHooks(calls) };
  const line = world.line();
  const engine = world.engine({ ...common, line, ...first });
  await wanted(world, engine, line);
  line.cut();
  return {
    world,
    begun,
    calls,
    revive(options = {}) {
      const again = world.engine({ ...common, ...options });
      again.start();
      return again;
    },
  };
}

const open = (engine: RunEngine, data?: string): Promise<unknown> =>
  engine.open(request(1, { input: { message: "Hello", ...(data === undefined ? {} : { data }) } }));

async function crashIn(state: ExecutionState, replay: "safe" | "unsafe", data?: string): Promise<Crashed> {
  return crashWhen(async (world, engine, line) => {
    line.cutAfter = (tx) => tx.getRun(id)?.state === state;
    await open(engine, data);
    await world.reach(id, state);
  }, replay);
}

const suite: PortableSuite = ({ it, expect }) => {
  it("R5: queued runs are queued again, in their order", async () => {
    const world = createWorld();
    const line = world.line();
    const order: number[] = [];
    async function* agent({ identity }: AgentRun): AsyncGenerator<TurnEvent> {
      order.push(identity.turnIndex);
      yield { type: "status" };
    }
    const engine = world.engine({ line, agents: { default: () => hang() }, maxConcurrentRuns: 1 });
    for (const n of [1, 2, 3, 4]) await engine.open(request(n, { priority: n === 4 ? 1 : 0 }));
    await world.reach(idOf(1), "running");
    line.cut();
    const again = world.engine({ agents: { default: agent }, maxConcurrentRuns: 1 });
    again.start();
    await world.reach(idOf(3), "completed");
    expect(order).toEqual([4, 2, 3]);
    expect(await world.run(idOf(2))).toMatchObject({ attempt: 1, recoveries: 0 });
    await world.stop(again);
  });

  it("R5: claimed: its agent was not called yet, so it is queued again, replay-safe or not", async () => {
    const { world, begun, revive } = await crashIn("claimed", "unsafe");
    expect(begun).toEqual([]);
    const again = revive();
    await world.reach(id, "completed");
    expect(begun).toEqual(["begin 1"]);
    expect(await world.run(id)).toMatchObject({ attempt: 1, recoveries: 1 });
    await world.stop(again);
  });

  it("R5: running and replay-safe: it is begun again, and readers are told", async () => {
    const { world, begun, calls, revive } = await crashIn("running", "safe", "hang");
    const again = revive();
    await world.reach(id, "completed");
    expect(begun.at(-1)).toBe("begin 2");
    const restarted = (await world.log(id)).find(({ type }) => type === "run.restarted");
    expect(restarted?.data).toEqual({ attempt: 2, keep: "1" });
    expect(calls).toEqual(["transform", "persist answer 2", "complete completed", "end completed", "flush"]);
    await world.stop(again);
  });

  it("R5: running and not replay-safe: it fails, and the reason is clear", async () => {
    const { world, begun, calls, revive } = await crashWhen(async (crashed, engine) => {
      await open(engine, "hang");
      await crashed.until(async () => (await crashed.types(id)).includes("message.part.updated"));
    }, "unsafe");
    const again = revive();
    await world.reach(id, "failed");
    expect(begun).toEqual(["begin 1"]);
    expect(calls).toEqual(["end failed", "flush"]);
    expect((await again.inspect(id))?.failure).toEqual({
      code: "recovery-failed",
      message:
        "The worker that ran this turn was lost, and its agent is not replay-safe: it may have acted already, so it is not called again",
    });
    await world.stop(again);
  });

  it("R5: waiting for approval: nothing is to be recovered, however long and however often", async () => {
    const { world, begun, revive } = await crashIn("waiting_for_approval", "unsafe", "ask");
    for (let round = 0; round < 4; round++) {
      const again = revive();
      await world.clock.advance(LEASE_MS * 1.5);
      await world.stop(again);
    }
    expect(await world.run(id)).toMatchObject({ state: "waiting_for_approval", recoveries: 0, attempt: 1 });
    const last = revive();
    await last.decideApproval(`${id}.1`, { decision: "approve" });
    await world.reach(id, "completed");
    expect(begun).toEqual(["begin 1", "resume approve"]);
    expect((await last.inspect(id))?.finalText).toBe("answer 1 and approve");
    await world.stop(last);
  });

  it("R5: resuming with its intent recorded, claimed or not: it goes on from there", async () => {
    for (const claimed of [false, true]) {
      const { world, begun, revive } = await crashWhen(async (crashed, engine, line) => {
        await open(engine, "ask");
        await crashed.reach(id, "waiting_for_approval");
        line.cutAfter = (tx) => {
          const run = tx.getRun(id);
          return run?.state === "resuming" && (run.workerId !== undefined) === claimed;
        };
        void engine.decideApproval(`${id}.1`, { decision: "reject" });
        await crashed.until(async () => (await crashed.run(id)).state === "resuming");
      }, "unsafe");
      const again = revive();
      await world.reach(id, "completed");
      expect(begun).toEqual(["begin 1", "resume reject"]);
      expect((await again.inspect(id))?.finalText).toBe("answer 1 and reject");
      await world.stop(again);
    }
  });

  it("R5: cancelling: it is finished, and its agent is not called again", async () => {
    const { world, begun, revive } = await crashWhen(async (crashed, engine, line) => {
      await open(engine, "hang");
      await crashed.until(async () => (await crashed.types(id)).includes("message.part.updated"));
      line.cutAfter = (tx) => tx.getRun(id)?.state === "cancelling";
      void engine.cancel(id, { reason: "Enough" });
      await crashed.reach(id, "cancelling");
    }, "safe");
    const again = revive();
    await world.reach(id, "cancelled");
    expect(begun).toEqual(["begin 1"]);
    expect((await world.log(id)).at(-1)?.data).toMatchObject({ reason: "Enough" });
    await world.stop(again);
  });

  it("R5: a run that cannot be looked after holds up no other, in recovery or in the queue", async () => {
    const world = createWorld();
    async function* asking({ resume }: AgentRun): AsyncGenerator<TurnEvent> {
      if (resume === undefined)
        yield { type: "approval.requested", data: { toolName: "send", input: {}, expiresInMs: 500 } };
      else yield textDelta(resume.decision);
    }
    const agents = { default: asking, other: asking };
    const first = world.engine({ agents: { default: asking } });
    for (const n of [1, 2]) await first.open(request(n));
    for (const n of [1, 2]) await world.reach(idOf(n), "waiting_for_approval");
    await world.stop(first);
    const store: RunStore = {
      close: () => world.store.close(),
      transact: (body) =>
        world.store.transact((tx) => {
          const approvals = tx.approvals.bind(tx);
          tx.approvals = (executionId) => {
            if (executionId === id) throw new TurnError("store-failed", "A stored value is malformed");
            return approvals(executionId);
          };
          try {
            return body(tx);
          } finally {
            tx.approvals = approvals;
          }
        }),
    };
    const second = world.engine({ agents, store });
    second.start();
    await world.reach(idOf(2), "completed");
    // Another worker's, who is gone before it begins.
    const line = world.line();
    const gone = world.engine({ agents, line });
    await gone.open(request(3, { input: { message: "Hello", agent: "other" } }));
    line.cut();
    await world.reach(idOf(3), "waiting_for_approval");
    expect((await world.run(id)).state).toBe("waiting_for_approval");
    await world.stop(second);
  });

  it("R5: attempts are counted and capped, and the reason says so", async () => {
    const { world, begun, revive } = await crashIn("claimed", "safe", "hang");
    let lives = 0;
    for (; (await world.run(id)).state !== "failed"; lives++) {
      const line = world.line();
      const { epoch, recoveries } = await world.run(id);
      line.cutAfter = (tx) => {
        const run = tx.getRun(id);
        return run?.state === "claimed" && run.recoveries > recoveries;
      };
      revive({ line, recovery: { maxAttempts: 2 } });
      await world.until(async () => (await world.run(id)).epoch > epoch);
      await world.clock.advance(LEASE_MS);
    }
    expect(lives).toBe(3);
    const again = revive();
    expect((await again.inspect(id))?.failure).toEqual({
      code: "recovery-failed",
      message: "The turn was given up after its workers were lost 3 times",
    });
    expect(begun).toEqual([]);
    await world.stop(again);
  });
};

async function* hang(): AsyncGenerator<TurnEvent> {
  await new Promise(() => undefined);
  yield { type: "status" };
}

export default suite;
