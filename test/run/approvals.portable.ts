import type { AgentRun, Resume } from "../../src/agent/agent.ts";
import { textDelta } from "../../src/event/known-events.ts";
import type { TurnEvent } from "../../src/event/turn-event.ts";
import type { RunEngine } from "../../src/run/index.ts";
import type { ApprovalDecision } from "../../src/substrate/index.ts";
import type { PortableSuite } from "../support/test-api.ts";
import { createGate, createWorld, idOf, LEASE_MS, refused, request, type World } from "./engine-world.ts";

const id = idOf(1);
const QUESTION = { toolName: "send", input: { to: "bob" } };

interface Asked {
  readonly world: World;
  readonly engine: RunEngine;
  readonly resumes: Resume[];
}

/** A run that asks these questions, and waits. */
async function asking(...questions: object[]): Promise<Asked> {
  const world = createWorld();
  const resumes: Resume[] = [];
  async function* agent({ resume }: AgentRun): AsyncGenerator<TurnEvent> {
    if (resume === undefined) {
      yield textDelta("Shall I? ");
      for (const question of questions) yield { type: "approval.requested", data: { ...question } };
      return;
    }
    resumes.push(resume);
    yield textDelta(resume.all.map(({ decision }) => decision).join(" "));
  }
  const engine = world.engine({ agents: { default: agent }, maxConcurrentRuns: 1 });
  await engine.open(request(1));
  await world.reach(id, "waiting_for_approval");
  return { world, engine, resumes };
}

const suite: PortableSuite = ({ it, expect }) => {
  const decisions: readonly (readonly [ApprovalDecision, status: string])[] = [
    [{ decision: "approve" }, "approved"],
    [{ decision: "approve", note: "Go on" }, "approved"],
    [{ decision: "edit", input: { to: "eve", n: [1, null] } }, "edited"],
    [{ decision: "reject", note: "No" }, "rejected"],
  ];
  for (const [decision, status] of decisions) {
    it(`R7: ${JSON.stringify(decision)}: the agent gets it, and the text from before stays`, async () => {
      const { world, engine, resumes } = await asking(QUESTION);
      const snapshot = await engine.decideApproval(`${id}.1`, decision);
      expect(snapshot.approvals).toEqual([{ approvalId: `${id}.1`, ...QUESTION, status }]);
      await world.reach(id, "completed");
      const given = { approvalId: `${id}.1`, ...decision };
      expect(resumes).toEqual([{ ...given, all: [given] }]);
      expect((await engine.inspect(id))?.finalText).toBe(`Shall I? ${decision.decision}`);
      expect(await world.types(id)).toEqual([
        "session.run.started",
        "run.created",
        "run.state.changed",
        "message.part.updated",
        "approval.requested",
        "run.state.changed",
        "approval.resolved",
        "run.state.changed",
        "run.state.changed",
        "run.resumed",
        "message.part.updated",
        "run.state.changed",
        "session.run.completed",
      ]);
      await world.stop(engine);
    });
  }

  it("R6: waiting costs no slot and no lease, however long", async () => {
    const { world, engine } = await asking(QUESTION);
    await engine.open(request(2, { input: { message: "Another" } }));
    await world.reach(idOf(2), "waiting_for_approval");
    await world.clock.advance(LEASE_MS * 3);
    expect(engine.stats()).toMatchObject({ heldSlots: 0, ownedRuns: 0 });
    expect(await world.run(id)).toMatchObject({ workerId: undefined, leaseUntil: 0, recoveries: 0, wakeAt: undefined });
    await world.stop(engine);
  });

  it("R7: the same decision again gives the same result, another is approval-decided", async () => {
    const { world, engine, resumes } = await asking(QUESTION);
    const edit: ApprovalDecision = { decision: "edit", input: { a: 1, b: [2] } };
    const others: ApprovalDecision[] = [{ decision: "approve" }, { ...edit, input: {} }, { ...edit, note: "x" }];
    await engine.decideApproval(`${id}.1`, edit);
    for (let round = 0; round < 2; round++) {
      const again = await engine.decide(id, `${id}.1`, { decision: "edit", input: { b: [2], a: 1 } });
      expect(again.approvals[0]?.status).toBe("edited");
      for (const other of others) {
        expect(await refused(engine.decideApproval(`${id}.1`, other))).toMatchObject({ code: "approval-decided" });
      }
      await world.reach(id, "completed");
    }
    expect(resumes).toHaveLength(1);
    await world.stop(engine);
  });

  it("R7: an expired one goes on as expired, and is refused from then on", async () => {
    const { world, engine, resumes } = await asking({ ...QUESTION, expiresInMs: 5000 });
    const [approval] = (await engine.inspect(id))?.approvals ?? [];
    expect(approval?.expiresAt).toBe(1_000_000 + 5000);
    await world.clock.advance(4000);
    expect((await world.run(id)).state).toBe("waiting_for_approval");
    await world.reach(id, "completed");
    expect(world.clock.now()).toBeLessThanOrEqual(1_005_000 + 300);
    expect(resumes).toMatchObject([{ decision: "expired" }]);
    expect(await refused(engine.decideApproval(`${id}.1`, { decision: "approve" }))).toMatchObject({
      code: "approval-expired",
    });
    await world.stop(engine);
  });

  it("R7: a decision that comes after its time, before anybody noticed, is refused", async () => {
    const { world, engine } = await asking({ ...QUESTION, expiresInMs: 5000 });
    await world.stop(engine);
    await world.clock.advance(5000);
    const again = world.engine();
    const late = refused(again.decideApproval(`${id}.1`, { decision: "approve" }));
    await world.until(() => late);
    expect(await late).toMatchObject({ code: "approval-expired" });
    await world.stop(again);
  });

  it("R6: two questions in one suspension: it goes on when both are answered, one by a person and one by time", async () => {
    const { world, engine, resumes } = await asking(QUESTION, { toolName: "delete", input: 7, expiresInMs: 1000 });
    expect((await engine.decideApproval(`${id}.1`, { decision: "reject" })).state).toBe("waiting_for_approval");
    await world.reach(id, "completed");
    expect(resumes[0]?.all).toEqual([
      { approvalId: `${id}.1`, decision: "reject" },
      { approvalId: `${id}.2`, decision: "expired" },
    ]);
    expect(resumes[0]?.approvalId).toBe(`${id}.2`);
    await world.stop(engine);
  });

  it("R6: a second suspension gives the agent its own answers only, and the text of all stays", async () => {
    const world = createWorld();
    const resumes: Resume[] = [];
    const engine = world.engine({
      agents: {
        default: async function* ({ resume }) {
          if (resume !== undefined) resumes.push(resume);
          yield textDelta(`${resumes.length} `);
          if (resumes.length < 2) yield { type: "approval.requested", data: { ...QUESTION } };
        },
      },
    });
    await engine.open(request(1));
    for (const n of [1, 2]) {
      await world.until(async () => (await engine.inspect(id))?.approvals.length === n);
      await world.reach(id, "waiting_for_approval");
      await engine.decideApproval(`${id}.${n}`, { decision: n === 1 ? "approve" : "reject" });
    }
    await world.reach(id, "completed");
    expect(resumes.map(({ all }) => all)).toEqual([
      [{ approvalId: `${id}.1`, decision: "approve" }],
      [{ approvalId: `${id}.2`, decision: "reject" }],
    ]);
    expect((await engine.inspect(id))?.finalText).toBe("0 1 2 ");
    await world.stop(engine);
  });

  it("R7: decided while no owner lives, and after a restart", async () => {
    const { world, engine, resumes } = await asking(QUESTION);
    await world.stop(engine);
    const other = world.engine({ agents: { unrelated: () => nothing() } });
    expect((await other.decideApproval(`${id}.1`, { decision: "approve" })).state).toBe("resuming");
    await world.clock.advance(60_000);
    // It waits for somebody who knows its agent.
    expect((await world.run(id)).state).toBe("resuming");
    expect(resumes).toEqual([]);
    await world.stop(other);
    const next = world.engine();
    next.start();
    await world.reach(id, "completed");
    await world.stop(next);
  });

  it("R7: decided while the agent that asked still runs: the suspension finds the answer", async () => {
    const world = createWorld();
    const gate = createGate();
    let resumed: unknown;
    async function* agent({ resume }: AgentRun): AsyncGenerator<TurnEvent> {
      if (resume !== undefined) {
        resumed = resume.decision;
        return;
      }
      yield { type: "approval.requested", data: { ...QUESTION } };
      await gate.passed;
    }
    const engine = world.engine({ agents: { default: agent } });
    await engine.open(request(1));
    await world.until(async () => (await world.types(id)).includes("approval.requested"));
    expect((await engine.decideApproval(`${id}.1`, { decision: "approve" })).state).toBe("running");
    gate.open();
    await world.reach(id, "completed");
    expect(resumed).toBe("approve");
    await world.stop(engine);
  });

  it("R7: a run that ends without waiting voids its questions", async () => {
    const world = createWorld();
    const engine = world.engine({
      agents: {
        default: async function* () {
          yield { type: "approval.requested", data: { ...QUESTION } };
          throw new Error("No answer wanted");
        },
      },
    });
    await engine.open(request(1));
    await world.reach(id, "failed");
    expect((await engine.inspect(id))?.approvals).toMatchObject([{ status: "expired" }]);
    expect(await refused(engine.decideApproval(`${id}.1`, { decision: "approve" }))).toMatchObject({
      code: "approval-expired",
    });
    expect((await world.types(id)).slice(-3)).toEqual(["approval.resolved", "error", "session.run.failed"]);
    await world.stop(engine);
  });

  it("R7: a cancelled run voids its questions, and its agent is not called", async () => {
    const { world, engine, resumes } = await asking(QUESTION);
    expect((await engine.cancel(id)).state).toBe("cancelled");
    expect(await refused(engine.decideApproval(`${id}.1`, { decision: "approve" }))).toMatchObject({
      code: "approval-expired",
    });
    expect((await engine.inspect(id))?.approvals).toMatchObject([{ status: "expired" }]);
    expect(resumes).toEqual([]);
    await world.stop(engine);
  });

  it("R7: unknown approvals, another execution's, and what is no decision are refused", async () => {
    const { world, engine } = await asking(QUESTION);
    await engine.open(request(2));
    await world.reach(idOf(2), "waiting_for_approval");
    const approve = { decision: "approve" } as const;
    expect(await refused(engine.decideApproval("nothing", approve))).toMatchObject({ code: "approval-not-found" });
    expect(await refused(engine.decide(id, `${idOf(2)}.1`, approve))).toMatchObject({ code: "approval-not-found" });
    expect(await refused(engine.decide("nothing", `${id}.1`, approve))).toMatchObject({ code: "execution-not-found" });
    const nonsense: readonly unknown[] = [
      undefined,
      { decision: "expired" },
      { decision: "edit" },
      { decision: "approve", input: 1 },
      { decision: "edit", input: 1n },
      { decision: "reject", note: 7 },
    ];
    for (const one of nonsense) {
      const error = await refused(engine.decide(id, `${id}.1`, one as ApprovalDecision));
      expect(error).toBeInstanceOf(TypeError);
    }
    expect((await engine.inspect(id))?.approvals).toMatchObject([{ status: "pending" }]);
    await world.stop(engine);
  });
};

async function* nothing(): AsyncGenerator<TurnEvent> {
  yield { type: "status" };
}

export default suite;
