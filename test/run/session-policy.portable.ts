import type { AgentRun } from "../../src/agent/agent.ts";
import type { TurnEvent } from "../../src/event/turn-event.ts";
import type { RunEngine, SessionPolicy } from "../../src/run/index.ts";
import type { PortableSuite } from "../support/test-api.ts";
import {
  createGate,
  createWorld,
  type Gate,
  idOf,
  refused,
  request,
  untilStopped,
  type World,
} from "./engine-world.ts";

const SESSION = "thread";

/** Turns of one session whose agents wait for their gates; turn 9 asks a person. */
function setUp(session: SessionPolicy): {
  world: World;
  engine: RunEngine;
  begun: number[];
  open: (n: number) => void;
} {
  const world = createWorld();
  const begun: number[] = [];
  const gates = new Map<number, Gate>();
  const gate = (n: number): Gate => {
    const known = gates.get(n) ?? createGate();
    gates.set(n, known);
    return known;
  };
  async function* agent({ identity, signal, resume }: AgentRun): AsyncGenerator<TurnEvent> {
    begun.push(identity.turnIndex);
    if (identity.turnIndex === 9 && resume === undefined) {
      yield { type: "approval.requested", data: { toolName: "send", input: {} } };
      return;
    }
    await Promise.race([gate(identity.turnIndex).passed, untilStopped(signal)]);
  }
  return {
    world,
    engine: world.engine({ agents: { default: agent }, session }),
    begun,
    open: (n) => gate(n).open(),
  };
}

const suite: PortableSuite = ({ it, expect }) => {
  it("R3: reject refuses a second live turn with session-busy, and starts nothing", async () => {
    const { world, engine, open } = setUp("reject");
    await engine.open(request(1, { session: SESSION }));
    expect(await refused(engine.open(request(2, { session: SESSION })))).toMatchObject({
      code: "session-busy",
      retryable: true,
      message: `Session thread has a turn that has not ended: ${idOf(1, SESSION)}`,
    });
    expect(await engine.inspect(idOf(2, SESSION))).toBeUndefined();
    expect((await engine.open(request(1, { session: SESSION }))).created).toBe(false);
    open(1);
    await world.reach(idOf(1, SESSION), "completed");
    expect((await engine.open(request(2, { session: SESSION }))).created).toBe(true);
    await world.stop(engine);
  });

  it("R3: a run that waits for an approval counts as live", async () => {
    const { world, engine } = setUp("reject");
    await engine.open(request(9, { session: SESSION }));
    await world.reach(idOf(9, SESSION), "waiting_for_approval");
    expect(await refused(engine.open(request(10, { session: SESSION })))).toMatchObject({ code: "session-busy" });
    await world.stop(engine);
  });

  it("R3: enqueue runs turns one after the other, in the order of opening whatever their priority", async () => {
    const { world, engine, begun, open } = setUp("enqueue");
    for (const n of [1, 2, 3]) await engine.open(request(n, { session: SESSION, priority: n }));
    await engine.open(request(7));
    await world.until(() => begun.length === 2);
    expect(begun).toEqual([1, 7]);
    expect(await world.types(idOf(2, SESSION))).toContain("run.queued");
    open(1);
    await world.until(() => begun.length === 3);
    open(2);
    await world.until(() => begun.length === 4);
    open(3);
    await world.reach(idOf(3, SESSION), "completed");
    expect(begun).toEqual([1, 7, 2, 3]);
    await world.stop(engine);
  });

  it("R3: enqueue waits behind a question, and a cancelled turn in between holds up nobody", async () => {
    const { world, engine, begun, open } = setUp("enqueue");
    for (const n of [9, 10, 11]) await engine.open(request(n, { session: SESSION }));
    await world.reach(idOf(9, SESSION), "waiting_for_approval");
    await world.clock.advance(2000);
    expect(begun).toEqual([9]);
    expect((await engine.cancel(idOf(10, SESSION))).state).toBe("cancelled");
    await world.clock.advance(1000);
    expect((await world.run(idOf(11, SESSION))).state).toBe("queued");
    await engine.decideApproval(`${idOf(9, SESSION)}.1`, { decision: "approve" });
    open(9);
    open(11);
    await world.reach(idOf(11, SESSION), "completed");
    expect(begun).toEqual([9, 9, 11]);
    await world.stop(engine);
  });

  it("R3: interrupt cancels what runs, waits and is queued, and begins when all have come to their end", async () => {
    const { world, engine, begun, open } = setUp("interrupt");
    await engine.open(request(1, { session: SESSION }));
    await world.until(() => begun.length === 1);
    await engine.open(request(2, { session: SESSION }));
    await engine.open(request(3, { session: SESSION }));
    await world.until(() => begun.includes(3));
    for (const n of [1, 2]) {
      expect((await world.log(idOf(n, SESSION))).at(-1)).toMatchObject({
        type: "session.run.cancelled",
        data: { reason: "A newer turn of the session interrupts this one" },
      });
    }
    expect(begun).toEqual([1, 3]);
    open(3);
    await world.reach(idOf(3, SESSION), "completed");
    await engine.open(request(9, { session: SESSION }));
    await world.reach(idOf(9, SESSION), "waiting_for_approval");
    await engine.open(request(10, { session: SESSION }));
    await world.reach(idOf(9, SESSION), "cancelled");
    await world.until(() => begun.includes(10));
    await world.stop(engine);
  });

  it("R3: interrupt reaches a turn that another engine runs", async () => {
    const { world, engine, begun } = setUp("interrupt");
    await engine.open(request(1, { session: SESSION }));
    await world.until(() => begun.length === 1);
    const other = world.engine({ agents: { default: hanging }, session: "interrupt" });
    await other.open(request(2, { session: SESSION }));
    // Whichever of the two takes it.
    await world.reach(idOf(2, SESSION), "running");
    expect((await world.run(idOf(1, SESSION))).state).toBe("cancelled");
    await world.stop(engine);
    await world.stop(other);
  });

  it("R3: parallel runs turns beside each other", async () => {
    const { world, engine, begun } = setUp("parallel");
    for (const n of [1, 2, 3]) await engine.open(request(n, { session: SESSION }));
    await world.until(() => begun.length === 3);
    await world.stop(engine);
  });

  for (const policy of ["reject", "enqueue", "interrupt"] as const) {
    it(`R3: ${policy}: another tenant's session of the same name is another session`, async () => {
      const { world, engine, begun } = setUp(policy);
      const first = request(1, { session: SESSION });
      await engine.open(first);
      const identity = { ...first.identity, tenantId: "other" };
      await engine.open({ ...first, executionId: "theirs", identity });
      await world.until(() => begun.length === 2);
      expect((await world.run(first.executionId)).state).toBe("running");
      await world.stop(engine);
    });
  }
};

async function* hanging({ signal }: AgentRun): AsyncGenerator<TurnEvent> {
  yield { type: "status" };
  await untilStopped(signal);
}

export default suite;
