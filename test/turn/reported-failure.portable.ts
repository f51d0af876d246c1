import type { ChatTurnInput, TurnEvent } from "../../src/index.ts";
import { textDelta } from "../../src/index.ts";
import {
  CANCELLED,
  FAILED,
  play,
  producerOf,
  producerWith,
  STARTED,
  turnOf,
  typesOf,
  ways,
} from "../support/play-turn.ts";
import type { PortableSuite } from "../support/test-api.ts";

type End = "drained" | "threw" | "stopped";
const ends: readonly End[] = ["drained", "threw", "stopped"];
type PartialText = "drop" | "keep";

/** What a producer may report of its failure, and what of that a client is told in the end. */
const reports = {
  nothing: [],
  error: [{ type: "error", data: { message: "no model", code: "gone", step: 2 } }],
  failed: [{ type: FAILED, data: { message: "no model", code: "gone", step: 2, executionId: "theirs" } }],
  both: [
    { type: "error", data: { message: "no model", tool: "search" } },
    { type: FAILED, data: { sessionId: "theirs", message: "no model", code: "gone", step: 2 } },
  ],
} as const satisfies Record<string, readonly TurnEvent[]>;

interface Row {
  readonly report: keyof typeof reports;
  readonly end: End;
  readonly partialText: PartialText;
}

const rows: readonly Row[] = (Object.keys(reports) as (keyof typeof reports)[]).flatMap((report) =>
  ends.flatMap((end) => (["drop", "keep"] as const).map((partialText) => ({ report, end, partialText }))),
);

function turnFor({ report, end, partialText }: Row): { input: ChatTurnInput; calls: string[] } {
  const calls: string[] = [];
  const stop = new AbortController();
  const yields: readonly TurnEvent[] = [textDelta("half "), ...reports[report], textDelta("an answer")];
  let at = 0;
  const next = (): IteratorResult<TurnEvent> => {
    const value = yields[at++];
    if (value !== undefined) return { done: false, value };
    if (end === "threw") throw new Error("the line broke");
    if (end === "stopped") stop.abort("Enough");
    return { done: true, value: undefined };
  };
  const input = turnOf(
    {
      produce: () => producerWith({ next }, () => "half an answer"),
      transformFinalText: (text) => text.toUpperCase(),
      persistAssistantMessage: ({ finalText, outcome }) => void calls.push(`persist ${outcome} ${finalText}`),
      onTurnComplete: ({ outcome }) => void calls.push(`complete ${outcome}`),
      onTurnEnd: ({ outcome, failure }) => void calls.push(`end ${outcome} ${failure?.message}`),
    },
    { partialText, signal: stop.signal },
  );
  return { input, calls };
}

const suite: PortableSuite = ({ describe, it, expect }) => {
  for (const way of ways) {
    describe(way, () => {
      for (const row of rows) {
        const { report, end, partialText } = row;
        it(`T9: reported ${report}, ${end}, partialText '${partialText}'`, async () => {
          const { input, calls } = turnFor(row);
          const { events, outcome } = await play(way, input);

          const reported = report !== "nothing";
          const status = end === "stopped" ? "cancelled" : end === "threw" || reported ? "failed" : "completed";
          const message = status !== "failed" ? undefined : end === "threw" ? "the line broke" : "no model";
          const settled = end === "drained";
          const kept = settled || partialText === "keep";
          const finalText = kept ? "HALF AN ANSWER" : "";
          expect(calls).toEqual([
            ...(kept ? [`persist ${status} HALF AN ANSWER`] : []),
            ...(settled ? [`complete ${status}`] : []),
            `end ${status} ${message}`,
          ]);
          expect(outcome).toMatchObject({ status, finalText, persisted: kept });
          expect(outcome.failure?.message).toBe(message);

          // What the producer yielded stays where it was, its own terminal aside.
          const sentError = report === "error" || report === "both";
          const delta = "message.part.updated";
          const inner = [delta, ...(sentError ? ["error"] : []), delta];
          const addsError = status === "failed" && (end === "threw" || !sentError);
          const terminal = status === "cancelled" ? CANCELLED : `session.run.${status}`;
          expect(typesOf(events)).toEqual([STARTED, ...inner, ...(addsError ? ["error"] : []), terminal]);

          const data = events.at(-1)?.data;
          if (status === "failed") {
            const own = end === "threw" ? { message: "the line broke" } : { message: "no model", code: "gone" };
            const details = { ...(reported ? { step: 2 } : {}), ...(report === "both" ? { tool: "search" } : {}) };
            expect(data).toStrictEqual({ ...details, sessionId: "thread-1", ...own });
            if (addsError) expect(events.at(-2)?.data).toStrictEqual(own);
          } else {
            expect(data).toStrictEqual({ sessionId: "thread-1", ...(end === "stopped" ? { reason: "Enough" } : {}) });
          }
        });
      }

      it("T9: an error that is thrown after it was sent is not sent twice", async () => {
        const yields = [{ done: false, value: { type: "error", data: { message: "no model" } } }];
        const next = (): unknown => {
          const result = yields.shift();
          if (result === undefined) throw new Error("no model");
          return result;
        };
        const { events } = await play(way, turnOf({ produce: () => producerWith({ next }) }));
        expect(typesOf(events)).toEqual([STARTED, "error", FAILED]);
      });

      it("T9: a failure that says nothing is still a failure", async () => {
        for (const type of ["error", FAILED]) {
          for (const data of [undefined, {}, { message: "" }, { message: 7 }, null]) {
            const event = (data === undefined ? { type } : { type, data }) as TurnEvent;
            const { outcome } = await play(way, turnOf({ produce: () => producerOf([event]) }));
            expect(outcome).toMatchObject({ status: "failed", persisted: true });
            expect(outcome.failure?.message).toBe("The producer reported a failure");
          }
        }
      });

      it("T9: a reported failure stays what the client is told when keeping or completing fails too", async () => {
        const raise = (): never => {
          throw new Error("second failure");
        };
        const produce = () => producerOf(reports.error);
        const ways = [
          { persistAssistantMessage: raise },
          { transformFinalText: raise },
          { produce: () => ({ ...produce(), finalText: raise }) },
        ];
        for (const hooks of ways) {
          const calls: string[] = [];
          const input = turnOf({ produce, ...hooks, onTurnComplete: () => void calls.push("complete") });
          const { events, outcome } = await play(way, input);
          expect(typesOf(events)).toEqual([STARTED, "error", FAILED]);
          expect(outcome).toMatchObject({ status: "failed", persisted: false, failure: { message: "no model" } });
          expect(calls).toEqual([]);
          expect(input.logs.length).toBe(1);
        }
      });

      it("T9: a producer that says it was cancelled is settled like a stop", async () => {
        const event = { type: CANCELLED, data: { reason: "budget" } };
        for (const partialText of ["drop", "keep"] as const) {
          const { events, outcome } = await play(way, turnOf({ produce: () => producerOf([event]) }, { partialText }));
          expect(events.at(-1)).toStrictEqual({ type: CANCELLED, data: { sessionId: "thread-1", reason: "budget" } });
          expect(outcome).toMatchObject({ status: "cancelled", persisted: partialText === "keep" });
        }
      });
    });
  }
};

export default suite;
