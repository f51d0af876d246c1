import type { TurnEvent } from "../../../event/turn-event.ts";
import type { Attachment } from "../../substrate.ts";
import { isStored, piecesOf, readLog } from "../log-reader.ts";
import { refusalOf } from "../scenario.ts";
import type { Section } from "../section.ts";

/** S5. */
export const retention: Section = (test) => {
  test("an ended execution is replayed as often as it is asked for", [], async (s) => {
    const execution = s.execution({ do: "say", count: 8 });
    const log = await execution.play();
    const readers = Array.from({ length: 10 }, async () => execution.stored());
    for (const replay of await Promise.all(readers)) s.expect(replay).toEqual(log);
    const after = log[Math.floor(log.length / 2)]?.id;
    if (after !== undefined) s.expect(await execution.stored({ after })).toEqual(log.slice(log.length / 2 + 1));
  });

  test("a failed and a cancelled execution are replayed too", [], async (s) => {
    const failing = s.execution({ do: "say", count: 2 }, { do: "fail", message: "No more" });
    const failed = await readWhole(await failing.open());
    s.expect(piecesOf(failed)).toEqual([0, 1]);
    s.expect(await readWhole(await failing.attach())).toEqual(failed);
    const hanging = s.execution({ do: "say", count: 2 }, { do: "hang" });
    const cancelled = await hanging.follow();
    await cancelled.heard(2);
    await hanging.cancel();
    const log = (await cancelled.finished).filter(isStored);
    s.expect(await hanging.stored()).toEqual(log);
    s.expect(piecesOf(log)).toEqual([0, 1]);
  });

  test("opening a trimmed execution starts no second run", ["trim", "agentCalls"], async (s) => {
    const execution = s.execution({ do: "say", count: 4 });
    const log = await execution.play();
    await s.fixture.trim?.({ executionId: execution.executionId, identity: execution.request.identity });
    const after = log.at(-1)?.id;
    for (const via of [{}, after === undefined ? {} : { after }, {}]) {
      const created = await refusalOf(async () => {
        const attachment = await execution.open(via);
        await readLog(attachment).finished;
        return attachment.created;
      });
      s.expect({ created: created === "cursor-gap" ? { notRefused: false } : created }).toEqual({
        created: { notRefused: false },
      });
    }
    s.expect((await execution.calls()).starts).toBe(1);
    s.expect((await execution.inspect())?.state).toBe("completed");
  });

  test("a trimmed execution still refuses another input", ["trim", "conflicts"], async (s) => {
    const execution = s.execution({ do: "say", count: 2 });
    await execution.play();
    await s.fixture.trim?.({ executionId: execution.executionId, identity: execution.request.identity });
    const input = { ...execution.request.input, message: "Something else" };
    s.expect(await refusalOf(() => s.substrate.open({ ...execution.request, input }))).toBe("execution-conflict");
  });
};

/** The stored events of a log, also of one that ends in an error where there is no envelope to say so. */
async function readWhole(attachment: Attachment): Promise<readonly TurnEvent[]> {
  const reader = readLog(attachment);
  await reader.finished.catch(() => undefined);
  return reader.events.filter(isStored);
}
