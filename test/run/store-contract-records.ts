import type { JsonValue } from "../../src/event/json.ts";
import type { ApprovalRecord, RunDocumentName, TranscriptRecord } from "../../src/run/run-store.ts";
import type { TestApi } from "../support/test-api.ts";
import { hostileTexts, insertRuns } from "./sample-run.ts";
import type { UseStore } from "./store-contract.ts";

const names: readonly RunDocumentName[] = [
  "input",
  "tags",
  "checkpoint",
  "resume",
  "cancel",
  "settlement",
  "progress",
  "outcome",
];

const approval = (index: number, given: Partial<ApprovalRecord> = {}): ApprovalRecord => ({
  approvalId: `a${index}`,
  executionId: "p:s:1",
  index,
  toolName: "pay",
  input: { amount: index },
  status: "pending",
  consumed: false,
  ...given,
});

const turn = (turnIndex: number, given: Partial<TranscriptRecord> = {}): TranscriptRecord => ({
  tenantId: "t",
  sessionId: "s",
  turnIndex,
  executionId: `p:s:${turnIndex}`,
  message: `question ${turnIndex}`,
  answer: `answer ${turnIndex}`,
  ...given,
});

export function recordContract({ it, expect }: TestApi, use: UseStore): void {
  it("documents are kept by run and name, replaced when put again, and undefined before", () =>
    use(async (store) => {
      const [first, second] = await insertRuns(store, [{}, {}]);
      if (first === undefined || second === undefined) throw new Error("not inserted");
      const found = await store.transact((tx) => {
        for (const name of names) tx.putDocument(first, name, { name });
        tx.putDocument(second, "input", ["other"]);
        tx.putDocument(first, "input", "again");
        return [
          names.map((name) => tx.getDocument(first, name)),
          tx.getDocument(second, "input"),
          tx.getDocument(second, "tags"),
        ];
      });
      const expected = names.map((name) => (name === "input" ? "again" : { name }));
      expect(found).toStrictEqual([expected, ["other"], undefined]);
    }));

  it("documents hold any JSON, and what a caller does with it later changes nothing", () =>
    use(async (store) => {
      const [run] = await insertRuns(store, [{}]);
      if (run === undefined) throw new Error("not inserted");
      const values: JsonValue[] = [
        null,
        false,
        0,
        "",
        [],
        {},
        [...hostileTexts],
        Object.fromEntries(hostileTexts.filter((text) => text !== "__proto__").map((text) => [text, text])),
        { large: "x".repeat(300_000) },
      ];
      for (const value of values) {
        const found = await store.transact((tx) => {
          tx.putDocument(run, "checkpoint", value);
          return tx.getDocument(run, "checkpoint");
        });
        expect(found).toStrictEqual(value);
        expect(await store.transact((tx) => tx.getDocument(run, "checkpoint"))).toStrictEqual(value);
      }
      const list: JsonValue[] = [1];
      await store.transact((tx) => tx.putDocument(run, "tags", list));
      list.push(2);
      const read = await store.transact((tx) => tx.getDocument(run, "tags"));
      if (Array.isArray(read)) read.push(3);
      expect(await store.transact((tx) => tx.getDocument(run, "tags"))).toStrictEqual([1]);
    }));

  it("approvals are found by id and by run, in the order of their index, and replaced when put again", () =>
    use(async (store) => {
      const decided = approval(2, {
        status: "edited",
        decision: { input: null, note: "n" },
        reason: "r",
        expiresAt: 9,
      });
      const found = await store.transact((tx) => {
        for (const index of [3, 1, 10, 2]) tx.putApproval(approval(index));
        tx.putApproval(approval(1, { approvalId: "other", executionId: "p:s:2" }));
        tx.putApproval(decided);
        return {
          one: tx.getApproval("a2"),
          none: tx.getApproval("a4"),
          run: tx.approvals("p:s:1"),
          other: tx.approvals("p:s:2").map(({ approvalId }) => approvalId),
          empty: tx.approvals("p:s:3"),
        };
      });
      expect(found).toStrictEqual({
        one: decided,
        none: undefined,
        run: [approval(1), decided, approval(3), approval(10)],
        other: ["other"],
        empty: [],
      });
      Object.assign(found.one ?? {}, { status: "expired" });
      expect(await store.transact((tx) => tx.getApproval("a2"))).toStrictEqual(decided);
    }));

  it("approvals hold hostile ids and inputs", () =>
    use(async (store) => {
      const given = hostileTexts.map((text, index) =>
        approval(index + 1, {
          approvalId: text,
          executionId: text,
          toolName: text,
          input: { [text]: text },
          reason: text,
        }),
      );
      await store.transact((tx) => given.forEach((one) => tx.putApproval(one)));
      for (const one of given) {
        const found = await store.transact((tx) => [tx.getApproval(one.approvalId), ...tx.approvals(one.executionId)]);
        expect(found).toStrictEqual([one, one]);
      }
    }));

  it("transcript gives the newest turns before one, oldest first", () =>
    use(async (store) => {
      await store.transact((tx) => {
        for (const index of [4, 0, 10, 2, 9]) tx.putTranscript(turn(index));
        tx.putTranscript(turn(3, { tenantId: "other" }));
        tx.putTranscript(turn(3, { sessionId: "other" }));
      });
      const before = (index: number, limit: number): Promise<number[]> =>
        store.transact((tx) => tx.transcript("t", "s", index, limit).map(({ turnIndex }) => turnIndex));
      expect(await before(99, 99)).toEqual([0, 2, 4, 9, 10]);
      expect(await before(10, 99)).toEqual([0, 2, 4, 9]);
      expect(await before(10, 2)).toEqual([4, 9]);
      expect(await before(3, 1)).toEqual([2]);
      expect(await before(0, 9)).toEqual([]);
      expect(await before(9, 0)).toEqual([]);
      expect(await store.transact((tx) => tx.transcript("other", "s", 99, 9))).toStrictEqual([
        turn(3, { tenantId: "other" }),
      ]);
    }));

  it("putTranscript replaces a turn, and keeps parts and hostile text", () =>
    use(async (store) => {
      const given = hostileTexts.map((text, index) =>
        turn(index, {
          tenantId: text,
          sessionId: text,
          answer: text,
          message: [{ type: text, text, more: { n: [1] } }],
        }),
      );
      const found = await store.transact((tx) => {
        tx.putTranscript(turn(1, { answer: "first" }));
        tx.putTranscript(turn(1, { answer: "second", executionId: "p:s:1~2" }));
        for (const one of given) tx.putTranscript(one);
        return tx.transcript("t", "s", 9, 9);
      });
      expect(found).toStrictEqual([turn(1, { answer: "second", executionId: "p:s:1~2" })]);
      for (const one of given) {
        const [kept] = await store.transact((tx) => tx.transcript(one.tenantId, one.sessionId, 999, 9));
        expect(kept).toStrictEqual(one);
      }
    }));
}
