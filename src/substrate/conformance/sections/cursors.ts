import type { Cursor } from "../../../event/cursor.ts";
import { isStored, readLog } from "../log-reader.ts";
import { readingRefusal, type Scenario } from "../scenario.ts";
import type { Section } from "../section.ts";

/** S4. */
export const cursors: Section = (test) => {
  test("a cursor beyond an ended log is cursor-ahead, by attach and by open", ["cursorAhead"], async (s) => {
    const execution = s.execution({ do: "say", count: 3 });
    const after = ahead(s, (await execution.play()).at(-1)?.id ?? "");
    s.expect(await readingRefusal(() => execution.attach({ after }))).toBe("cursor-ahead");
    s.expect(await readingRefusal(() => execution.open({ after }))).toBe("cursor-ahead");
  });

  test("a cursor beyond a running log is cursor-ahead, and the execution goes on", ["cursorAhead"], async (s) => {
    const execution = s.execution({ do: "say", count: 2 }, s.gate("middle"), { do: "say", count: 1 });
    const reader = await execution.follow();
    await reader.heard(2);
    const after = ahead(s, reader.events.findLast(isStored)?.id ?? "");
    s.expect(await readingRefusal(() => execution.attach({ after }))).toBe("cursor-ahead");
    s.expect(await readingRefusal(() => execution.open({ after }))).toBe("cursor-ahead");
    await execution.openGate("middle");
    s.expect((await reader.finished).filter(isStored)).toEqual(await execution.stored());
  });

  test("reading from what was trimmed is cursor-gap, by attach and by open", ["trim"], async (s) => {
    const execution = s.execution({ do: "say", count: 5 });
    await execution.play();
    await s.fixture.trim?.({ executionId: execution.executionId, identity: execution.request.identity });
    s.expect(await readingRefusal(() => execution.attach())).toBe("cursor-gap");
    s.expect(await readingRefusal(() => execution.open())).toBe("cursor-gap");
    if (!s.decimal) return;
    s.expect(await readingRefusal(() => execution.attach({ after: "0" }))).toBe("cursor-gap");
    s.expect(await readingRefusal(() => execution.open({ after: "0" }))).toBe("cursor-gap");
  });

  test("after trimming each cursor gives the whole rest or cursor-gap, never a part", ["trim"], async (s) => {
    const execution = s.execution({ do: "say", count: 5 });
    const log = await execution.play();
    await s.fixture.trim?.({ executionId: execution.executionId, identity: execution.request.identity });
    for (const [index, { id: after }] of log.entries()) {
      const rest = log.slice(index + 1).map(({ id }) => id);
      const got = await idsAfter(() => execution.attach({ after }));
      // A reader that has everything misses nothing, so there is no gap to tell it of.
      if (got !== "cursor-gap" || rest.length === 0) s.expect({ after, got }).toEqual({ after, got: rest });
    }
  });

  for (const after of ["no cursor", "", "-1", "1.5", "0x1", "1e0", " 1", "99999999999999999999999"]) {
    test(`${JSON.stringify(after)} is a typed error, and not read as another cursor`, [], async (s) => {
      // An opaque cursor may look like anything, so there only one is sure to be wrong.
      if (!s.decimal && after !== "no cursor") return;
      const execution = s.execution({ do: "say", count: 3 });
      await execution.play();
      const refusals = [
        await readingRefusal(() => execution.attach({ after })),
        await readingRefusal(() => execution.open({ after })),
      ];
      s.expect({ refusals, typed: refusals.every(isTyped) }).toEqual({ refusals, typed: true });
    });
  }
};

function ahead(s: Scenario, last: Cursor): Cursor {
  return s.fixture.cursorAhead?.(last) ?? String(Number(last) + 1);
}

/** A misuse, or one of the port's codes. */
function isTyped(refusal: unknown): boolean {
  const typed = ["TypeError", "RangeError", "invalid-request", "cursor-gap", "cursor-ahead"];
  return typeof refusal === "string" && typed.includes(refusal);
}

async function idsAfter(attach: Parameters<typeof readingRefusal>[0]): Promise<unknown> {
  let ids: unknown;
  const refusal = await readingRefusal(async () => {
    const attachment = await attach();
    const events = await readLog(attachment).finished;
    ids = events.filter(isStored).map(({ id }) => id);
    return { ...attachment, events: (async function* () {})() };
  });
  return ids ?? refusal;
}
