import { isTurnError } from "../../../errors.ts";
import type { TurnEvent } from "../../../event/turn-event.ts";
import { isStored, piecesOf, readLog, takeEvents } from "../log-reader.ts";
import type { Scenario } from "../scenario.ts";
import type { Section } from "../section.ts";

const MANY = 100;
const LARGE_BYTES = 1000;

/** S6. */
export const readers: Section = (test) => {
  test(`${MANY} readers see the same`, [], async (s) => {
    const execution = s.execution(s.gate("start"), { do: "say", count: 50 });
    await execution.open();
    const attachments = await Promise.all(Array.from({ length: MANY }, () => execution.attach()));
    const following = attachments.map(readLog);
    await execution.openGate("start");
    const logs = await Promise.all(following.map(({ finished }) => finished));
    const log = await execution.stored();
    s.expect(piecesOf(log).length).toBe(50);
    for (const one of logs) s.expect(one.filter(isStored)).toEqual(log);
  });

  test("a reader that never reads delays neither the execution nor others", [], async (s) => {
    const execution = s.execution({ do: "say", count: s.bulk, bytes: LARGE_BYTES });
    const idle = await execution.open();
    s.expect(piecesOf(await (await execution.follow()).finished).length).toBe(s.bulk);
    await s.eventually(async () => (await execution.state()) === "completed");
    await expectLate(s, () => readLog(idle).finished);
  });

  test("a reader that stops reading delays neither the execution nor others", [], async (s) => {
    const execution = s.execution(s.gate("start"), { do: "say", count: s.bulk, bytes: LARGE_BYTES });
    const slow = (await execution.open()).events[Symbol.asyncIterator]();
    const reader = readLog(await execution.attach());
    await execution.openGate("start");
    const begun: TurnEvent[] = [];
    while (piecesOf(begun).length < 1) {
      const { value, done } = await slow.next();
      if (done === true) break;
      begun.push(value);
    }
    s.expect(piecesOf(await reader.finished).length).toBe(s.bulk);
    await s.eventually(async () => (await execution.state()) === "completed");
    await expectLate(s, async () => {
      const rest = [...begun];
      for (let next = await slow.next(); next.done !== true; next = await slow.next()) rest.push(next.value);
      return rest;
    });
  });

  test("readers that leave disturb nobody", ["agentCalls"], async (s) => {
    const execution = s.execution({ do: "say", count: 5 }, s.gate("middle"), { do: "say", count: 5 });
    const reader = await execution.follow();
    const leavers = Array.from({ length: 10 }, async (_, index) =>
      takeEvents(await execution.attach(), (index % 5) + 1),
    );
    for (const [index, events] of (await Promise.all(leavers)).entries()) s.expect(events.length).toBe((index % 5) + 1);
    await execution.openGate("middle");
    s.expect(piecesOf(await reader.finished)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    s.expect(await execution.calls()).toEqual({ starts: 1, resumes: 0, stops: 0 });
  });

  test("an execution that all readers have left runs to its end", ["agentCalls"], async (s) => {
    const execution = s.execution({ do: "say", count: 2 }, s.gate("middle"), { do: "say", count: 2 });
    await takeEvents(await execution.open(), 1);
    await execution.openGate("middle");
    await s.eventually(async () => (await execution.state()) === "completed");
    s.expect(piecesOf(await execution.stored())).toEqual([0, 1, 2, 3]);
    s.expect(await execution.calls()).toEqual({ starts: 1, resumes: 0, stops: 0 });
  });

  test("a reader at another instance sees the same, live", ["another"], async (s) => {
    const other = await s.fixture.another?.();
    if (other === undefined) return;
    const execution = s.execution({ do: "say", count: 2 }, s.gate("middle"), { do: "say", count: 2 });
    const reader = await execution.follow();
    await reader.heard(2);
    const far = readLog(await execution.attach({ on: other }));
    await far.heard(2);
    await execution.openGate("middle");
    s.expect((await far.finished).filter(isStored)).toEqual((await reader.finished).filter(isStored));
  });
};

/** A reader that reads late gets everything; a substrate that gave it up must have told it, so that it attaches again. */
async function expectLate(s: Scenario, read: () => Promise<readonly TurnEvent[]>): Promise<void> {
  try {
    s.expect(piecesOf(await read()).length).toBe(s.bulk);
  } catch (error) {
    if (!isTurnError(error) || !error.retryable) throw error;
  }
}
