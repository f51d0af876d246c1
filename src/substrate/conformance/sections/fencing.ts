import { isTerminal } from "../../../event/turn-event.ts";
import type { Attachment } from "../../substrate.ts";
import { parsePiece } from "../conformance-script.ts";
import { isStored, type StoredEvent } from "../log-reader.ts";
import type { Section } from "../section.ts";

/** S9. */
export const fencing: Section = (test) => {
  test("an owner that stalls, is replaced and wakes up writes nothing more", ["stall"], async (s) => {
    const execution = s.execution({ do: "say", count: 2 }, s.gate("middle"), { do: "say", count: 3 });
    const { executionId } = execution;
    const reader = await execution.follow();
    await reader.heard(2);
    const stalled = await s.fixture.stall?.({ executionId, identity: execution.request.identity });
    if (stalled === undefined) return;
    const before = await takenOver(await execution.attach({ on: stalled.successor }));
    // Both agents go on now: the old owner's and, where there is one, the new one's.
    await execution.openGate("middle");
    await stalled.wake();
    await s.eventually(async () => ["completed", "failed"].includes(await execution.state()));
    const log = await execution.stored({ on: stalled.successor });
    s.expect(await execution.stored()).toEqual(log);
    s.expect(log.slice(0, before.length)).toEqual(before);
    if (s.decimal) s.expect(log.map(({ id }) => id)).toEqual(log.map((_, index) => String(index + 1)));
    if (s.enveloped) {
      s.expect(log.filter(isTerminal).length).toBe(1);
      s.expect(log.findIndex(isTerminal)).toBe(log.length - 1);
    }
    // The old owner's agent is the first run, and what it says from here on is nobody's.
    const late = log.slice(before.length).filter((event) => parsePiece(event)?.run === 1);
    s.expect(late).toEqual([]);
    s.expect((await execution.inspect())?.lastEventId).toBe(log.at(-1)?.id);
  });
};

/** The first events of the log: what was there when the old owner lost its place. */
async function takenOver({ events }: Attachment): Promise<StoredEvent[]> {
  const seen: StoredEvent[] = [];
  for await (const event of events) {
    if (isStored(event)) seen.push(event);
    if (parsePiece(event)?.n === 1) break;
  }
  return seen;
}
