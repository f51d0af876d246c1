import { isStored, piecesOf, readLog } from "../log-reader.ts";
import type { Section } from "../section.ts";

/** S3. */
export const durability: Section = (test) => {
  for (const pieces of [1, 4]) {
    test(`event ${pieces} of the agent, once seen, is there after a crash`, ["reopen"], async (s) => {
      const execution = s.execution({ do: "say", count: pieces }, s.gate("middle"), { do: "say", count: 3 });
      const reader = await execution.follow();
      const seen = (await reader.heard(pieces)).filter(isStored);
      await s.reopen();
      const after = readLog(await execution.attach());
      await after.until((events) => events.filter(isStored).length >= seen.length);
      s.expect(after.events.filter(isStored).slice(0, seen.length)).toEqual(seen);
    });
  }

  test("an event seen in full flight is there after a crash", ["reopen"], async (s) => {
    const execution = s.execution({ do: "say", count: s.bulk }, s.gate("end"));
    const reader = await execution.follow();
    await reader.heard(Math.min(100, s.bulk));
    const seen = reader.events.filter(isStored);
    await s.reopen();
    const after = readLog(await execution.attach());
    await after.until((events) => events.filter(isStored).length >= seen.length);
    s.expect(after.events.filter(isStored).slice(0, seen.length)).toEqual(seen);
  });

  test("a reader goes on after a crash from its cursor, with neither gap nor repeat", ["reopen"], async (s) => {
    const execution = s.execution({ do: "say", count: 3 }, s.gate("middle"), { do: "say", count: 1 });
    const seen = (await (await execution.follow()).heard(3)).filter(isStored);
    await s.reopen();
    await execution.openGate("middle");
    const after = seen.at(-1)?.id;
    const rest = await execution.stored(after === undefined ? {} : { after });
    s.expect([...seen, ...rest]).toEqual(await execution.stored());
  });

  test("an ended execution is the same after a crash", ["reopen", "agentCalls"], async (s) => {
    const execution = s.execution({ do: "say", count: 3 });
    const log = await execution.play();
    await s.eventually(async () => (await execution.state()) === "completed");
    const before = await execution.inspect();
    await s.reopen();
    s.expect(await execution.stored()).toEqual(log);
    s.expect(await execution.inspect()).toEqual(before);
    const again = await execution.open();
    s.expect(again.created).toBe(false);
    s.expect(piecesOf(await readLog(again).finished)).toEqual([0, 1, 2]);
    s.expect((await execution.calls()).starts).toBe(1);
  });
};
