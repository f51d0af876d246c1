import type { TurnEvent } from "../../src/index.ts";
import { textDelta } from "../../src/index.ts";
import { CANCELLED, COMPLETED, FAILED, play, producerOf, turnOf, typesOf, ways } from "../support/play-turn.ts";
import type { PortableSuite } from "../support/test-api.ts";

const asks = (approvalId?: string): TurnEvent => ({
  type: "approval.requested",
  data: { toolName: "pay", input: { euro: 5 }, ...(approvalId === undefined ? {} : { approvalId }) },
});
const answers = (approvalId?: string): TurnEvent => ({
  type: "approval.resolved",
  data: { decision: "approve", ...(approvalId === undefined ? {} : { approvalId }) },
});
const fails: TurnEvent = { type: "error", data: { message: "no model" } };
const cancels: TurnEvent = { type: CANCELLED, data: { reason: "budget" } };

/** What was yielded, and whether a person is still asked when it ends. */
const cases: readonly (readonly [name: string, events: readonly TurnEvent[], terminal: string, code?: string])[] = [
  ["asks", [asks("a")], FAILED, "unsupported-suspension"],
  ["asks without an id", [asks()], FAILED, "unsupported-suspension"],
  ["asks, and says that it is complete", [asks("a"), { type: COMPLETED }], FAILED, "unsupported-suspension"],
  ["asks twice and is answered once", [asks("a"), asks("b"), answers("a")], FAILED, "unsupported-suspension"],
  ["asks and is answered for another", [asks("a"), answers("b")], FAILED, "unsupported-suspension"],
  ["asks twice without ids and is answered once", [asks(), asks(), answers()], FAILED, "unsupported-suspension"],
  ["is answered before it asks", [answers(), answers("a"), asks(), asks("a")], FAILED, "unsupported-suspension"],
  ["asks and is answered", [asks("a"), answers("a")], COMPLETED],
  ["asks and is answered without ids", [asks(), answers()], COMPLETED],
  ["asks the same twice and is answered", [asks("a"), asks("a"), answers("a")], COMPLETED],
  ["asks twice and is answered twice", [asks("a"), asks("b"), answers("b"), answers("a")], COMPLETED],
  ["asks and reports a failure", [asks("a"), fails], FAILED],
  ["asks and says that it was cancelled", [asks("a"), cancels], CANCELLED],
];

const suite: PortableSuite = ({ describe, it, expect }) => {
  for (const way of ways) {
    describe(way, () => {
      for (const [name, events, terminal, code] of cases) {
        it(`T10: a producer that ${name} ends in ${terminal}`, async () => {
          const calls: string[] = [];
          const input = turnOf({
            produce: () => producerOf([textDelta("May I?"), ...events]),
            persistAssistantMessage: () => void calls.push("persist"),
            onTurnComplete: () => void calls.push("complete"),
            onTurnEnd: ({ outcome }) => void calls.push(`end ${outcome}`),
          });
          const played = await play(way, input);
          expect(typesOf(played.events).at(-1)).toBe(terminal);
          expect(played.outcome.failure?.code).toBe(code);
          // What asks a person passes like any event.
          const passed = events.filter(({ type }) => !type.startsWith("session.run."));
          expect(played.events.slice(2, 2 + passed.length)).toEqual(passed);
          if (code === undefined) return;
          expect(calls).toEqual(["end failed"]);
          expect(played.events.at(-2)?.type).toBe("error");
          expect(played.outcome.failure?.message).toMatch(/only a turn of the run engine can wait/);
        });
      }

      it("T10: the text before the question is kept with partialText 'keep'", async () => {
        const kept: string[] = [];
        const hooks = {
          produce: () => producerOf([textDelta("May I?"), asks("a")]),
          persistAssistantMessage: ({ finalText }: { readonly finalText: string }) => void kept.push(finalText),
        };
        await play(way, turnOf(hooks, { partialText: "keep" }));
        expect(kept).toEqual(["May I?"]);
      });

      it("T10: a producer that asks and then throws, or is stopped, is no suspension", async () => {
        const broken = async function* (): AsyncGenerator<TurnEvent> {
          yield asks("a");
          throw new Error("the line broke");
        };
        const thrown = await play(way, turnOf({ produce: () => ({ stream: broken(), finalText: () => "" }) }));
        expect(thrown.outcome.failure).toStrictEqual({ message: "the line broke" });

        const stop = new AbortController();
        const onEvent = ({ type }: TurnEvent): void => void (type === "approval.requested" && stop.abort("No"));
        const stopped = await play(
          way,
          turnOf({ produce: () => producerOf([asks("a")]), onEvent }, { signal: stop.signal }),
        );
        expect(stopped.outcome.status).toBe("cancelled");
      });
    });
  }
};

export default suite;
