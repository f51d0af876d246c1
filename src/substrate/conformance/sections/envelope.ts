import { isTerminal, STARTED } from "../../../event/turn-event.ts";
import { isStored, piecesOf } from "../log-reader.ts";
import type { Section } from "../section.ts";

/** S8. */
export const envelope: Section = (test) => {
  test("a completed turn: what was said lies between its two ends", [], async (s) => {
    const execution = s.execution({ do: "say", count: 3 });
    const log = await execution.play();
    s.expect(piecesOf(log)).toEqual([0, 1, 2]);
    if (!s.enveloped) {
      // Whoever wraps raw events adds the envelope: one in the log would be there twice.
      s.expect(log.filter(({ type }) => type === STARTED)).toEqual([]);
      return;
    }
    const { sessionId, tenantId, turnIndex } = execution.request.identity;
    const { executionId } = execution;
    s.expect(log[0]).toMatchObject({ type: STARTED, data: { sessionId, tenantId, turnIndex, executionId } });
    s.expect(log.filter(({ type }) => type === STARTED).length).toBe(1);
    s.expect(log.at(-1)).toMatchObject({ type: "session.run.completed", data: { sessionId, executionId } });
    s.expect(log.filter(isTerminal).length).toBe(1);
  });

  test("a failed turn says why, and ends once", [], async (s) => {
    const execution = s.execution({ do: "say", count: 1 }, { do: "fail", message: "The model is away" });
    const reader = await execution.follow();
    // Without an envelope the stream may end by throwing what the agent threw.
    await reader.finished.catch((error: unknown) => {
      if (s.enveloped) throw error;
    });
    await s.eventually(async () => (await execution.state()) === "failed");
    s.expect(piecesOf(reader.events)).toEqual([0]);
    if (!s.enveloped) return;
    const log = await execution.stored();
    s.expect(log.at(-2)).toMatchObject({ type: "error", data: { message: "The model is away" } });
    s.expect(log.at(-1)).toMatchObject({ type: "session.run.failed", data: { message: "The model is away" } });
    s.expect(log.filter(isTerminal).length).toBe(1);
    s.expect((await execution.inspect())?.failure).toMatchObject({ message: "The model is away" });
  });

  test("an agent's own envelope never passes for the turn's", [], async (s) => {
    const execution = s.execution(
      { do: "emit", type: STARTED, data: { sessionId: "forged" } },
      { do: "say", count: 1 },
      { do: "emit", type: "session.run.completed", data: { sessionId: "forged" } },
      { do: "say", count: 1 },
    );
    const log = await execution.play();
    s.expect(piecesOf(log)).toEqual([0, 1]);
    if (s.enveloped) s.expect(log.filter(({ data }) => data?.["sessionId"] === "forged")).toEqual([]);
  });

  test("the end is in the log before a reader sees it, and reading ends with it", [], async (s) => {
    const execution = s.execution({ do: "say", count: 1 });
    const reader = await execution.follow();
    const live = (await reader.finished).filter(isStored);
    s.expect(await execution.stored()).toEqual(live);
    if (s.enveloped) s.expect((await execution.inspect())?.state).toBe("completed");
  });
};
