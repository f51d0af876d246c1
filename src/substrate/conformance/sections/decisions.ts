import type { ApprovalDecision, ApprovalStatus } from "../../execution.ts";
import { RESUMED } from "../conformance-agent.ts";
import type { ConformanceQuestion } from "../conformance-script.ts";
import { type LogReader, piecesOf, readLog } from "../log-reader.ts";
import { type Execution, refusalOf, type Scenario } from "../scenario.ts";
import type { Section } from "../section.ts";

const QUESTION: ConformanceQuestion = { toolName: "send", input: { to: "someone" }, reason: "It costs money" };

/** R7, and what of R6 any substrate with approvals must show. */
export const decisions: Section = (test) => {
  const kinds: readonly [ApprovalDecision, ApprovalStatus][] = [
    [{ decision: "approve" }, "approved"],
    [{ decision: "edit", input: { to: "someone else" } }, "edited"],
    [{ decision: "reject", note: "Too dear" }, "rejected"],
  ];
  for (const [decision, status] of kinds) {
    test(`${decision.decision}: the agent is told, and goes on`, ["approvals", "agentCalls"], async (s) => {
      const { execution, reader, ids } = await ask(s, [QUESTION]);
      s.expect((await execution.inspect())?.approvals).toMatchObject([{ ...QUESTION, status: "pending" }]);
      const after = await s.substrate.decide(execution.executionId, ids[0] ?? "", decision);
      s.expect(after.approvals).toMatchObject([{ approvalId: ids[0], status }]);
      await reader.finished;
      s.expect(told(reader)).toEqual([decision]);
      s.expect(piecesOf(reader.events)).toEqual([0, 1, 2]);
      s.expect((await execution.inspect())?.approvals).toMatchObject([{ approvalId: ids[0], status }]);
      s.expect(await execution.calls()).toMatchObject({ starts: 1, resumes: 1 });
    });
  }

  test(
    "the same decision again changes nothing, another is approval-decided",
    ["approvals", "agentCalls"],
    async (s) => {
      const { execution, reader, ids } = await ask(s, [QUESTION]);
      const decide = (decision: ApprovalDecision) => s.substrate.decide(execution.executionId, ids[0] ?? "", decision);
      const edit: ApprovalDecision = { decision: "edit", input: { a: 1, b: 2 } };
      await decide(edit);
      s.expect((await decide({ decision: "edit", input: { b: 2, a: 1 } })).approvals).toMatchObject([
        { status: "edited" },
      ]);
      s.expect(await refusalOf(() => decide({ decision: "reject" }))).toBe("approval-decided");
      s.expect(await refusalOf(() => decide({ decision: "edit", input: { a: 2 } }))).toBe("approval-decided");
      await reader.finished;
      const log = await execution.stored();
      s.expect((await decide(edit)).approvals).toMatchObject([{ status: "edited" }]);
      s.expect(await refusalOf(() => decide({ decision: "approve" }))).toBe("approval-decided");
      s.expect(await execution.stored()).toEqual(log);
      s.expect(told(reader)).toEqual([edit]);
      s.expect((await execution.calls()).resumes).toBe(1);
    },
  );

  test("of decisions at once one wins, and the agent goes on once", ["approvals", "agentCalls"], async (s) => {
    const { execution, reader, ids } = await ask(s, [QUESTION]);
    const answers = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const decision = index % 2 === 0 ? "approve" : "reject";
        const refusal = await refusalOf(() => s.substrate.decide(execution.executionId, ids[0] ?? "", { decision }));
        return { decision, refusal: typeof refusal === "string" ? refusal : "none" };
      }),
    );
    await reader.finished;
    const winner = told(reader);
    s.expect(winner.length).toBe(1);
    for (const { decision, refusal } of answers) {
      const expected = decision === winner[0]?.decision ? "none" : "approval-decided";
      s.expect({ decision, refusal }).toEqual({ decision, refusal: expected });
    }
    s.expect((await execution.calls()).resumes).toBe(1);
  });

  test(
    "two questions: it goes on when both are decided, told in the order of asking",
    ["approvals", "agentCalls"],
    async (s) => {
      const { execution, reader, ids } = await ask(s, [QUESTION, { toolName: "delete", input: 7 }]);
      s.expect(ids.length).toBe(2);
      const half = await s.substrate.decide(execution.executionId, ids[1] ?? "", { decision: "reject" });
      s.expect(half.state).toBe("waiting_for_approval");
      s.expect(half.approvals).toMatchObject([{ status: "pending" }, { status: "rejected" }]);
      s.expect((await execution.calls()).resumes).toBe(0);
      await s.substrate.decide(execution.executionId, ids[0] ?? "", { decision: "approve" });
      await reader.finished;
      s.expect(told(reader)).toEqual([{ decision: "approve" }, { decision: "reject" }]);
      s.expect((await execution.calls()).resumes).toBe(1);
    },
  );

  test("an expired question goes on as expired, and is approval-expired", ["approvals"], async (s) => {
    const { execution, reader, ids } = await ask(s, [{ ...QUESTION, expiresInMs: 30 }]);
    await reader.finished;
    s.expect(told(reader)).toEqual([{ decision: "expired" }]);
    const late = () => s.substrate.decide(execution.executionId, ids[0] ?? "", { decision: "approve" });
    s.expect(await refusalOf(late)).toBe("approval-expired");
    s.expect((await execution.inspect())?.approvals).toMatchObject([{ status: "expired" }]);
  });

  test("a question outlives a crash", ["approvals", "reopen", "agentCalls"], async (s) => {
    const { execution, ids } = await ask(s, [QUESTION]);
    await s.reopen();
    s.expect(await execution.state()).toBe("waiting_for_approval");
    const reader = readLog(await execution.attach());
    await s.substrate.decide(execution.executionId, ids[0] ?? "", { decision: "approve" });
    await reader.finished;
    s.expect(told(reader)).toEqual([{ decision: "approve" }]);
    s.expect(piecesOf(reader.events)).toEqual([0, 1, 2]);
    s.expect(await execution.calls()).toMatchObject({ starts: 1, resumes: 1 });
  });

  test("is decided from another instance", ["approvals", "another"], async (s) => {
    const other = await s.fixture.another?.();
    const { execution, reader, ids } = await ask(s, [QUESTION]);
    await other?.decide(execution.executionId, ids[0] ?? "", { decision: "approve" });
    await reader.finished;
    s.expect(told(reader)).toEqual([{ decision: "approve" }]);
  });

  test("unknown approvals, unknown executions and what is no decision are refused", ["approvals"], async (s) => {
    const { execution, ids } = await ask(s, [QUESTION]);
    const { executionId } = execution;
    const approve: ApprovalDecision = { decision: "approve" };
    s.expect(await refusalOf(() => s.substrate.decide(executionId, "nothing-like-it", approve))).toBe(
      "approval-not-found",
    );
    s.expect(await refusalOf(() => s.substrate.decide(s.execution().executionId, ids[0] ?? "", approve))).toBe(
      "execution-not-found",
    );
    const other = await ask(s, [QUESTION]);
    s.expect(await refusalOf(() => s.substrate.decide(executionId, other.ids[0] ?? "", approve))).toBe(
      "approval-not-found",
    );
    const nonsense = { decision: "perhaps" } as unknown as ApprovalDecision;
    const refusal = await refusalOf(() => s.substrate.decide(executionId, ids[0] ?? "", nonsense));
    s.expect(refusal === "TypeError" || refusal === "invalid-request").toBe(true);
    s.expect((await execution.inspect())?.approvals).toMatchObject([{ status: "pending" }]);
  });
};

interface Asked {
  readonly execution: Execution;
  readonly reader: LogReader;
  /** Of the approvals, in the order of asking. */
  readonly ids: readonly string[];
}

/** An execution that says two things, asks, and goes on with a third; returned when it waits. */
async function ask(s: Scenario, questions: ConformanceQuestion[]): Promise<Asked> {
  const execution = s.execution({ do: "say", count: 2 }, { do: "ask", questions }, { do: "say", count: 1 });
  const reader = await execution.follow();
  const asked = (await reader.until((events) => events.filter(isQuestion).length === questions.length)).filter(
    isQuestion,
  );
  await s.eventually(async () => ((await execution.inspect())?.approvals.length ?? 0) === questions.length);
  if (questions.every(({ expiresInMs }) => expiresInMs === undefined)) {
    await s.eventually(async () => (await execution.state()) === "waiting_for_approval");
  }
  const ids = (await execution.inspect())?.approvals.map(({ approvalId }) => approvalId) ?? [];
  if (s.enveloped) s.expect(asked.map(({ data }) => data?.["approvalId"])).toEqual(ids);
  return { execution, reader, ids };
}

function isQuestion({ type }: { readonly type: string }): boolean {
  return type === "approval.requested";
}

/** What the agent was told when it was called again; one entry per question and call. */
function told(reader: LogReader): { readonly decision: string }[] {
  return reader.events
    .filter(({ type }) => type === RESUMED)
    .flatMap(({ data }) => data?.["decisions"] as { decision: string }[]);
}
