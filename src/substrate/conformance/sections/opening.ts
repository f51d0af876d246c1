import type { TurnIdentity } from "../../../event/identity.ts";
import type { OpenRequest } from "../../substrate.ts";
import { isStored, piecesOf, readLog, takeEvents } from "../log-reader.ts";
import { refusalOf } from "../scenario.ts";
import type { Section } from "../section.ts";

const MANY = 50;

/** S1. */
export const opening: Section = (test) => {
  test(`${MANY} opens at once start one execution, and all see the same`, ["agentCalls"], async (s) => {
    const execution = s.execution({ do: "say", count: 5 });
    const attachments = await Promise.all(Array.from({ length: MANY }, () => execution.open()));
    const logs = await Promise.all(attachments.map((attachment) => readLog(attachment).finished));
    s.expect(attachments.filter(({ created }) => created).length).toBe(1);
    s.expect(attachments.every(({ executionId }) => executionId === execution.executionId)).toBe(true);
    const kept = await execution.stored();
    for (const log of logs) s.expect(log.filter(isStored)).toEqual(kept);
    s.expect(piecesOf(kept)).toEqual([0, 1, 2, 3, 4]);
    s.expect((await execution.calls()).starts).toBe(1);
  });

  test("opens of two instances at once start one execution", ["another", "agentCalls"], async (s) => {
    const other = (await s.fixture.another?.()) ?? s.substrate;
    const execution = s.execution({ do: "say", count: 5 });
    const opens = Array.from({ length: 20 }, (_, index) => execution.open(index % 2 === 0 ? {} : { on: other }));
    const attachments = await Promise.all(opens);
    const logs = await Promise.all(attachments.map((attachment) => readLog(attachment).finished));
    s.expect(attachments.filter(({ created }) => created).length).toBe(1);
    const kept = await execution.stored();
    for (const log of logs) s.expect(log.filter(isStored)).toEqual(kept);
    s.expect((await execution.calls()).starts).toBe(1);
  });

  test("opening again attaches: while it runs, and after its end", ["agentCalls"], async (s) => {
    const execution = s.execution({ do: "say", count: 3 }, s.gate("middle"), { do: "say", count: 2 });
    const first = await execution.open();
    const reader = readLog(first);
    await reader.heard(3);
    const second = await execution.open();
    const follower = readLog(second);
    await follower.heard(3);
    await execution.openGate("middle");
    const log = (await reader.finished).filter(isStored);
    s.expect((await follower.finished).filter(isStored)).toEqual(log);
    const third = await execution.open();
    s.expect((await readLog(third).finished).filter(isStored)).toEqual(log);
    s.expect([first.created, second.created, third.created]).toEqual([true, false, false]);
    s.expect((await execution.calls()).starts).toBe(1);
  });

  const others: readonly [what: string, change: (request: OpenRequest) => Partial<OpenRequest>][] = [
    ["message", ({ input }) => ({ input: { ...input, message: "Something else" } })],
    ["data", ({ input }) => ({ input: { ...input, data: { conformance: [{ do: "say", count: 9 }] } } })],
    ["agent", ({ input }) => ({ input: { ...input, agent: "another-agent" } })],
    ["tenant", ({ identity }) => ({ identity: change(identity, { tenantId: "another-tenant" }) })],
    ["session", ({ identity }) => ({ identity: change(identity, { sessionId: "another-session" }) })],
    ["turn index", ({ identity }) => ({ identity: change(identity, { turnIndex: 7 }) })],
  ];
  for (const [what, differ] of others) {
    test(`the same id with another ${what} is execution-conflict`, ["conflicts", "agentCalls"], async (s) => {
      const execution = s.execution({ do: "say", count: 2 }, s.gate("middle"), { do: "say", count: 1 });
      const reader = await execution.follow();
      await reader.heard(2);
      const request = { ...execution.request, ...differ(execution.request) };
      s.expect(await refusalOf(() => s.substrate.open(request))).toBe("execution-conflict");
      await execution.openGate("middle");
      const log = (await reader.finished).filter(isStored);
      s.expect(piecesOf(log)).toEqual([0, 1, 2]);
      s.expect(await refusalOf(() => s.substrate.open(request))).toBe("execution-conflict");
      s.expect(await execution.stored()).toEqual(log);
      s.expect((await execution.calls()).starts).toBe(1);
    });
  }

  test("neither the order of keys nor the user makes another input", [], async (s) => {
    const execution = s.execution({ do: "say", count: 2 });
    const input = { ...execution.request.input, message: [{ type: "text", text: "one", more: { a: 1, b: [2] } }] };
    const first = await s.substrate.open({ ...execution.request, input });
    const log = (await readLog(first).finished).filter(isStored);
    const again = await s.substrate.open({
      ...execution.request,
      identity: change(execution.request.identity, { userId: "somebody-else" }),
      input: {
        message: [{ more: { b: [2], a: 1 }, text: "one", type: "text" }],
        ...(input.data === undefined ? {} : { data: input.data }),
      },
    });
    s.expect(again.created).toBe(false);
    s.expect((await readLog(again).finished).filter(isStored)).toEqual(log);
  });

  test("a signal that fires while reading detaches this reader and stops nothing", ["agentCalls"], async (s) => {
    const execution = s.execution({ do: "say", count: 2 }, s.gate("middle"), { do: "say", count: 2 });
    const leaving = new AbortController();
    const leaver = await execution.follow({ signal: leaving.signal });
    await leaver.heard(2);
    leaving.abort();
    // Whether the stream then ends or throws the reason is the substrate's choice.
    await leaver.finished.catch(() => undefined);
    const reader = readLog(await execution.attach());
    await reader.heard(2);
    await execution.openGate("middle");
    s.expect(piecesOf(await reader.finished)).toEqual([0, 1, 2, 3]);
    await s.eventually(async () => (await execution.state()) === "completed");
    s.expect(await execution.calls()).toEqual({ starts: 1, resumes: 0, stops: 0 });
  });

  test("a signal that has fired already starts no second execution and stops none", ["agentCalls"], async (s) => {
    const execution = s.execution({ do: "say", count: 3 });
    const gone = AbortSignal.abort();
    await refusalOf(async () => takeEvents(await execution.open({ signal: gone }), 1));
    s.expect(piecesOf(await execution.play())).toEqual([0, 1, 2]);
    await s.eventually(async () => (await execution.state()) === "completed");
    s.expect(await execution.calls()).toEqual({ starts: 1, resumes: 0, stops: 0 });
  });
};

function change(identity: TurnIdentity, changes: Partial<TurnIdentity>): TurnIdentity {
  return { ...identity, ...changes };
}
