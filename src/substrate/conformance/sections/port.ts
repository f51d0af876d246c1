import { readLog } from "../log-reader.ts";
import { refusalOf } from "../scenario.ts";
import type { Section } from "../section.ts";

/** What the port's own comments promise of looking at executions. */
export const port: Section = (test) => {
  test("an unknown execution: inspect gives undefined, attach is execution-not-found", [], async (s) => {
    const execution = s.execution();
    s.expect(await execution.inspect()).toBe(undefined);
    s.expect(await refusalOf(async () => readLog(await execution.attach()).finished)).toBe("execution-not-found");
    s.expect(await execution.inspect()).toBe(undefined);
  });

  test("inspect tells whose execution it is, how it stands and where its log ends", [], async (s) => {
    const execution = s.execution({ do: "say", count: 2 }, s.gate("middle"), { do: "say", count: 1 });
    const { executionId } = execution;
    const { sessionId, tenantId } = execution.request.identity;
    const reader = await execution.follow();
    await reader.heard(2);
    const expected = { executionId, sessionId, tenantId, attempt: 1, approvals: [] };
    const running = await execution.inspect();
    if (s.fixture.gateMs === undefined) s.expect(running).toMatchObject({ ...expected, state: "running" });
    await execution.openGate("middle");
    await reader.finished;
    await s.eventually(async () => (await execution.state()) === "completed");
    const lastEventId = (await execution.stored()).at(-1)?.id;
    s.expect(await execution.inspect()).toMatchObject({ ...expected, state: "completed", lastEventId });
    if (s.enveloped) s.expect((await execution.inspect())?.finalText).toBe("0.1 1.1 2.1 ");
  });

  test("attach does not create, open does", [], async (s) => {
    const execution = s.execution({ do: "say", count: 1 });
    const { created } = await execution.open();
    const attached = await execution.attach();
    s.expect([created, attached.created]).toEqual([true, false]);
    s.expect(attached.executionId).toBe(execution.executionId);
    await readLog(attached).finished;
  });

  test("list gives what fits, newest first", ["list"], async (s) => {
    const done = s.execution({ do: "say", count: 1 });
    await done.play();
    await s.eventually(async () => (await done.state()) === "completed");
    const { sessionId, tenantId } = done.request.identity;
    // The next turn of the same session, under an id of its own.
    const executionId = done.executionId.replace(/0$/, "1");
    const identity = { ...done.request.identity, turnIndex: 1 };
    const second = await s.substrate.open({ ...done.request, executionId, identity });
    await readLog(second).finished;
    await s.eventually(async () => (await s.substrate.inspect(executionId))?.state === "completed");
    const ids = async (filter: Parameters<NonNullable<typeof s.substrate.list>>[0]): Promise<unknown> =>
      (await s.substrate.list?.(filter))?.map((one) => one.executionId);
    s.expect(await ids({ sessionId, tenantId })).toEqual([executionId, done.executionId]);
    s.expect(await ids({ sessionId, tenantId, states: ["completed"] })).toEqual([executionId, done.executionId]);
    s.expect(await ids({ sessionId, tenantId, states: ["running", "failed"] })).toEqual([]);
    s.expect(await ids({ sessionId, tenantId: "another-tenant" })).toEqual([]);
    s.expect(await ids({ sessionId: "another-session", tenantId })).toEqual([]);
  });
};
