import { isTerminal } from "../../../event/turn-event.ts";
import type { Substrate } from "../../substrate.ts";
import { isStored, type LogReader, piecesOf, readLog } from "../log-reader.ts";
import { type Execution, refusalOf, type Scenario } from "../scenario.ts";
import type { Section } from "../section.ts";

const QUESTION = { toolName: "send", input: { to: "someone" } };

/** S7. */
export const stopping: Section = (test) => {
  test("a running execution", ["agentCalls"], async (s) => {
    const execution = s.execution({ do: "say", count: 3 }, { do: "hang" });
    const reader = await execution.follow();
    await reader.heard(3);
    const { state } = await execution.cancel("Enough of it");
    s.expect(["cancelling", "cancelled"].includes(state)).toBe(true);
    await expectCancelled(s, execution, reader);
    s.expect(piecesOf(reader.events)).toEqual([0, 1, 2]);
    if (s.enveloped) s.expect(reader.events.at(-1)?.data).toMatchObject({ reason: "Enough of it" });
    await s.eventually(async () => (await execution.calls()).stops === 1);
  });

  test("an execution whose agent does not listen", [], async (s) => {
    const execution = s.execution({ do: "say", count: 1 }, { do: "hang", deaf: true });
    const reader = await execution.follow();
    await reader.heard(1);
    await execution.cancel();
    await expectCancelled(s, execution, reader);
  });

  test("a queued execution: the answer is its end, and its agent never begins", ["slots", "agentCalls"], async (s) => {
    const busy = Array.from({ length: s.fixture.slots ?? 0 }, () =>
      s.execution({ do: "say", count: 1 }, { do: "hang" }),
    );
    for (const one of busy) await (await one.follow()).heard(1);
    const execution = s.execution({ do: "say", count: 1 });
    const behind = s.execution({ do: "say", count: 1 });
    const reader = await execution.follow();
    const next = await behind.follow();
    s.expect(await execution.state()).toBe("queued");
    s.expect((await execution.cancel()).state).toBe("cancelled");
    await expectCancelled(s, execution, reader);
    s.expect((await execution.calls()).starts).toBe(0);
    // The one behind it is not held up by it.
    await busy[0]?.cancel();
    s.expect(piecesOf(await next.finished)).toEqual([0]);
    for (const one of busy) await one.cancel();
  });

  test("an execution that waits for a person: the answer is its end", ["approvals", "agentCalls"], async (s) => {
    const execution = s.execution({ do: "ask", questions: [QUESTION] }, { do: "say", count: 1 });
    const reader = await execution.follow();
    await s.eventually(async () => (await execution.state()) === "waiting_for_approval");
    const approvalId = (await execution.inspect())?.approvals[0]?.approvalId ?? "";
    s.expect((await execution.cancel()).state).toBe("cancelled");
    await expectCancelled(s, execution, reader);
    await refusalOf(() => s.substrate.decide(execution.executionId, approvalId, { decision: "approve" }));
    s.expect(await execution.state()).toBe("cancelled");
    s.expect(await execution.calls()).toEqual({ starts: 1, resumes: 0, stops: 0 });
  });

  test("one that is settling stays as it is", ["settles"], async (s) => {
    const execution = s.execution({ do: "say", count: 1 }, settleLater(s, "settle"));
    const reader = await execution.follow();
    await s.eventually(async () => (await execution.state()) === "settling");
    s.expect((await execution.cancel()).state).toBe("settling");
    await execution.openGate("settle");
    await reader.finished;
    await s.eventually(async () => (await execution.state()) === "completed");
    if (s.enveloped) s.expect(reader.events.at(-1)?.type).toBe("session.run.completed");
  });

  test("twice, and many times at once: one end", [], async (s) => {
    const execution = s.execution({ do: "say", count: 1 }, { do: "hang" });
    const reader = await execution.follow();
    await reader.heard(1);
    const answers = await Promise.all(Array.from({ length: 10 }, () => execution.cancel()));
    for (const { state } of answers) {
      s.expect({ state, stopped: ["cancelling", "settling", "cancelled"].includes(state) }).toEqual({
        state,
        stopped: true,
      });
    }
    await expectCancelled(s, execution, reader);
    const log = await execution.stored();
    s.expect((await execution.cancel()).state).toBe("cancelled");
    s.expect(await execution.stored()).toEqual(log);
  });

  test("an execution that has completed stays completed", [], async (s) => {
    const execution = s.execution({ do: "say", count: 2 });
    const log = await execution.play();
    await s.eventually(async () => (await execution.state()) === "completed");
    s.expect((await execution.cancel("Too late")).state).toBe("completed");
    s.expect(await execution.state()).toBe("completed");
    s.expect(await execution.stored()).toEqual(log);
  });

  test("an execution that has failed stays failed", [], async (s) => {
    const execution = s.execution({ do: "say", count: 1 }, { do: "fail", message: "No more" });
    await (await execution.follow()).finished.catch(() => undefined);
    await s.eventually(async () => (await execution.state()) === "failed");
    s.expect((await execution.cancel("Too late")).state).toBe("failed");
    s.expect(await execution.state()).toBe("failed");
  });

  test("at any moment: there is one end, and the state says which", [], async (s) => {
    for (let moment = 0; moment < 8; moment++) {
      const execution = s.execution({ do: "say", count: 6 });
      const reader = await execution.follow();
      await reader.until(({ length }) => length >= moment).catch(() => undefined);
      await execution.cancel();
      const log = (await reader.finished).filter(isStored);
      await s.eventually(async () => ["completed", "cancelled"].includes(await execution.state()));
      s.expect(await execution.stored()).toEqual(log);
      if (!s.enveloped) continue;
      s.expect(log.filter(isTerminal).map(({ type }) => type)).toEqual([`session.run.${await execution.state()}`]);
      s.expect(log.findIndex(isTerminal)).toBe(log.length - 1);
    }
  });

  test("from another instance", ["another"], async (s) => {
    const other = await s.fixture.another?.();
    if (other === undefined) return;
    const execution = s.execution({ do: "say", count: 2 }, { do: "hang" });
    const reader = await execution.follow();
    await reader.heard(2);
    await other.cancel(execution.executionId);
    await expectCancelled(s, execution, reader);
    await expectState(other, s, execution);
  });

  test("is kept through a crash", ["reopen"], async (s) => {
    const execution = s.execution({ do: "say", count: 2 }, { do: "hang", deaf: true });
    await (await execution.follow()).heard(2);
    await execution.cancel();
    await s.reopen();
    await expectCancelled(s, execution, readLog(await execution.attach()));
  });

  test("an unknown execution is execution-not-found", [], async (s) => {
    s.expect(await refusalOf(() => s.execution().cancel())).toBe("execution-not-found");
  });
};

async function expectCancelled(s: Scenario, execution: Execution, reader: LogReader): Promise<void> {
  const log = (await reader.finished).filter(isStored);
  await s.eventually(async () => (await execution.state()) === "cancelled");
  s.expect(await execution.stored()).toEqual(log);
  if (!s.enveloped) return;
  s.expect(log.filter(isTerminal).map(({ type }) => type)).toEqual(["session.run.cancelled"]);
  s.expect(log.at(-1)?.type).toBe("session.run.cancelled");
}

async function expectState(other: Substrate, s: Scenario, execution: Execution): Promise<void> {
  await s.eventually(async () => (await other.inspect(execution.executionId))?.state === "cancelled");
}

function settleLater(s: Scenario, gate: string): { do: "settleLater"; gate: string; afterMs?: number } {
  const { gateMs } = s.fixture;
  return { do: "settleLater", gate, ...(gateMs === undefined ? {} : { afterMs: gateMs }) };
}
