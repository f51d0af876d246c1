import { textDelta } from "../../src/index.ts";
import type { TurnEvent } from "../../src/index.ts";
import {
  CANCELLED,
  COMPLETED,
  FAILED,
  identity,
  play,
  producerOf,
  STARTED,
  turnOf,
  typesOf,
  ways,
} from "../support/play-turn.ts";
import { createRandom, permutations } from "../support/random.ts";
import type { PortableSuite } from "../support/test-api.ts";

const { sessionId, tenantId, turnIndex } = identity;

/** A turn whose producer yields these events. */
const yielding = (events: readonly TurnEvent[]) => turnOf({ produce: () => producerOf(events) });

const own: readonly TurnEvent[] = [
  { type: STARTED, data: { sessionId: "theirs" } },
  { type: COMPLETED, data: { sessionId: "theirs", usage: { inputTokens: 9 } } },
  { type: FAILED, data: { sessionId: "theirs", message: "theirs failed" } },
  { type: CANCELLED, data: { sessionId: "theirs", reason: "theirs was stopped" } },
  { type: "session.run.heartbeat", data: {} },
];

/** What a turn comes to, by what its producer reported: a failure stands, then a cancel, else it is complete. */
function expectedTerminal(events: readonly TurnEvent[]): string {
  if (events.some(({ type }) => type === FAILED || type === "error")) return FAILED;
  return events.some(({ type }) => type === CANCELLED) ? CANCELLED : COMPLETED;
}

const suite: PortableSuite = ({ describe, it, expect }) => {
  function expectEnvelope(yielded: readonly TurnEvent[], events: readonly TurnEvent[], hint: string): void {
    const types = typesOf(events);
    const passed = yielded.filter(({ type }) => !type.startsWith("session.run."));
    expect(types[0], hint).toBe(STARTED);
    expect(types.at(-1), hint).toBe(expectedTerminal(yielded));
    expect(types.filter((type) => type.startsWith("session.run.")).length, hint).toBe(2);
    const inner = events.slice(1, -1);
    // One error is added when the producer reported a failure and sent none.
    const added = types.at(-1) === FAILED && !passed.some(({ type }) => type === "error") ? 1 : 0;
    expect(inner.slice(0, inner.length - added), hint).toEqual(passed);
    if (added === 1) expect(inner.at(-1)?.type, hint).toBe("error");
  }

  for (const way of ways) {
    describe(way, () => {
      it("T1: started comes first and completed last, with the keys of the contract", async () => {
        const { events } = await play(way, turnOf({}));
        expect(events).toStrictEqual([
          { type: STARTED, data: { sessionId, tenantId, turnIndex } },
          textDelta("Hello"),
          { type: COMPLETED, data: { sessionId } },
        ]);
      });

      it("T1: a producer that yields nothing still makes a whole turn", async () => {
        const { events } = await play(way, yielding([]));
        expect(typesOf(events)).toEqual([STARTED, COMPLETED]);
      });

      it("T1: a producer's own session.run events never pass, in any order", async () => {
        for (const order of permutations(own)) {
          const yielded = order.flatMap((event, at) => [textDelta(`${at}`), event]);
          const { events } = await play(way, yielding(yielded));
          expectEnvelope(yielded, events, typesOf(order).join(", "));
        }
      });

      it("T1: one terminal is the last, whatever a producer mixes", async () => {
        const random = createRandom(20_261);
        const choices = [...own, textDelta("text"), { type: "error", data: { message: "went wrong" } }] as const;
        for (let round = 0; round < 200; round++) {
          const yielded = Array.from(
            { length: random.below(6) },
            () => choices[random.below(choices.length)] ?? own[0],
          ).filter((event) => event !== undefined);
          const { events } = await play(way, yielding(yielded));
          expectEnvelope(yielded, events, `seed ${random.seed}, round ${round}: ${typesOf(yielded).join(", ")}`);
        }
      });

      it("T1: nothing that begins like the envelope passes, known or not", async () => {
        const { events } = await play(way, yielding([{ type: "session.run.invented" }, { type: "session.runner" }]));
        expect(typesOf(events)).toEqual([STARTED, "session.runner", COMPLETED]);
      });

      it("T1: an event that writes itself as a terminal does not end the turn twice", async () => {
        const posing = { type: "status", toJSON: () => ({ type: COMPLETED, data: {} }) };
        const { events } = await play("handleChatTurn", yielding([posing]));
        expect(typesOf(events)).toEqual([STARTED, "status", COMPLETED]);
      });

      it("T1: with a project the envelope carries the execution id at both ends", async () => {
        const { events } = await play(way, { ...turnOf({}), projectId: "gtm-agent" });
        const executionId = "gtm-agent:thread-1:3";
        expect(events[0]).toStrictEqual({ type: STARTED, data: { sessionId, tenantId, turnIndex, executionId } });
        expect(events.at(-1)).toStrictEqual({ type: COMPLETED, data: { sessionId, executionId } });
      });

      it("T1: an execution id that is given is the one that is told", async () => {
        const { events } = await play(way, { ...turnOf({}), projectId: "gtm-agent", executionId: "mine" });
        expect(events[0]?.data?.["executionId"]).toBe("mine");
      });

      it("T1: a producer's usage is told with completed", async () => {
        const usage = { inputTokens: 3, outputTokens: 4 };
        const input = turnOf({ produce: () => ({ ...producerOf([]), usage: () => usage }) });
        const { events, outcome } = await play(way, input);
        expect(events.at(-1)).toStrictEqual({ type: COMPLETED, data: { sessionId, usage } });
        expect(outcome).toStrictEqual({ status: "completed", finalText: "Hello", persisted: true, usage });
      });

      it("T1: events between the ends pass unchanged, with their ids and what is not known of them", async () => {
        const foreign = { type: "tool.invented", data: { deep: [{ ok: true }] }, id: "17", more: 1 };
        const { events } = await play(way, yielding([foreign]));
        expect(events[1]).toStrictEqual(foreign);
      });
    });
  }
};

export default suite;
