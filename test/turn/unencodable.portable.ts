import type { TurnEvent } from "../../src/index.ts";
import { fromEvents, textDelta } from "../../src/index.ts";
import { COMPLETED, FAILED, play, producerOf, STARTED, streamOf, turnOf, typesOf, ways } from "../support/play-turn.ts";
import type { PortableSuite } from "../support/test-api.ts";

function cycle(): Record<string, unknown> {
  const data: Record<string, unknown> = {};
  data["self"] = { data };
  return data;
}

function nest(levels: number): Record<string, unknown> {
  let data: Record<string, unknown> = { x: 1 };
  for (let level = 0; level < levels; level++) data = { in: data };
  return data;
}

const raise = (): never => {
  throw new Error("will not be written");
};

/** What cannot be encoded, with what the client is told. */
const unencodable: readonly (readonly [name: string, event: TurnEvent, message: RegExp])[] = [
  ["a cycle", { type: "status", data: cycle() }, /circular|cyclic/i],
  ["a BigInt", { type: "status", data: { count: 1n } }, /bigint/i],
  ["a toJSON that throws", { type: "status", data: { at: { toJSON: raise } } }, /^will not be written$/],
  [
    "a getter that throws",
    { type: "status", data: Object.defineProperty({}, "x", { get: raise, enumerable: true }) },
    /^will not/,
  ],
  ["too deep", { type: "status", data: nest(300) }, /deeper than 256 levels/],
  ["a toJSON that writes too deep", { type: "status", data: { at: { toJSON: () => nest(300) } } }, /deeper than 256/],
  ["an event whose toJSON throws", { type: "status", toJSON: raise } as TurnEvent, /^will not be written$/],
  ["an event whose toJSON gives nothing", { type: "status", toJSON: () => undefined } as TurnEvent, /undefined/],
  ["an event whose toJSON gives a number", { type: "status", toJSON: () => 5 } as TurnEvent, /must be an object/],
  [
    "an event whose toJSON gives another type",
    { type: "status", toJSON: () => ({ type: COMPLETED }) } as TurnEvent,
    /changed the event's type/,
  ],
];

const suite: PortableSuite = ({ describe, it, expect }) => {
  for (const way of ways) {
    describe(way, () => {
      for (const [name, event, message] of unencodable) {
        it(`T8: ${name} is replaced and logged, and the turn goes on`, async () => {
          const seen: TurnEvent[] = [];
          const input = turnOf(
            {
              produce: () => producerOf([textDelta("a"), event, textDelta("b")]),
              onEvent: (one) => void seen.push(one),
            },
            { partialText: "keep" },
          );
          const { events, outcome } = await play(way, input);
          expect(typesOf(events)).toEqual([
            STARTED,
            "message.part.updated",
            "status",
            "message.part.updated",
            COMPLETED,
          ]);
          expect(Object.keys(events[2]?.data ?? {})).toEqual(["encodingError"]);
          expect(events[2]?.data?.["encodingError"]).toMatch(message);
          expect(outcome.persisted).toBe(true);
          expect(seen).toEqual(events);
          expect(input.logs.map((line) => line.message)).toEqual(["Encoding status failed"]);
          expect(input.logs[0]?.meta).toMatchObject({ sessionId: "thread-1" });
        });
      }

      it("T8: the id is kept, so that replay has no hole", async () => {
        const event = { type: "status", data: cycle(), id: "42" };
        const { events } = await play(way, turnOf({ produce: () => producerOf([event]) }));
        expect(Object.keys(events[1] ?? {}).sort()).toEqual(["data", "id", "type"]);
        expect(events[1]).toMatchObject({ type: "status", id: "42" });
      });

      it("T8: a failure that cannot be encoded still ends in a terminal that says what failed", async () => {
        const error = { type: "error", data: { message: "no model", code: "gone", trace: cycle() } };
        const failed = { type: FAILED, data: { message: "no model", code: "gone", count: 1n } };
        for (const reported of [error, failed]) {
          const { events } = await play(way, turnOf({ produce: () => producerOf([reported]) }));
          expect(events.at(-1)).toStrictEqual({
            type: FAILED,
            data: { sessionId: "thread-1", message: "no model", code: "gone" },
          });
        }
      });

      it("T8: what JSON leaves out or writes as null is no error", async () => {
        const data = { gone: undefined, nan: NaN, fn: () => 1, at: new Date(0), nothing: { toJSON: () => undefined } };
        const input = turnOf({ produce: () => producerOf([{ type: "status", data }, { type: "bare" }]) });
        const { events } = await play("handleChatTurn", input);
        expect(events[1]?.data).toStrictEqual({ nan: null, at: "1970-01-01T00:00:00.000Z" });
        expect(events[2]).toStrictEqual({ type: "bare" });
        expect(input.logs).toEqual([]);
      });

      it("T8: an object that writes itself is judged by what it writes, not by what it holds", async () => {
        const text = "x".repeat(1000);
        const parent = { ...cycle(), text, toJSON: () => ({ text }) };
        const input = turnOf({ produce: () => producerOf([{ type: "status", data: { parent } }]) });
        const { events } = await play(way, input);
        expect(JSON.parse(JSON.stringify(events[1]))).toEqual({ type: "status", data: { parent: { text } } });
        expect(input.logs).toEqual([]);
      });

      it("T8: lone surrogates and text of every kind come through", async () => {
        const texts = ["\ud800", "\udfff\ud800", "a\ud83d", "\u2028\u2029", "\u0000\n\r", "😀é漢", '"\\'];
        const produce = () => fromEvents(streamOf(texts.map(textDelta)));
        const { events, outcome } = await play(way, turnOf({ produce }));
        expect(events.slice(1, -1).map(({ data }) => data?.["delta"])).toEqual(texts);
        expect(outcome.finalText).toBe(texts.join(""));
      });

      it("T8: a delta of 10 MB comes through", async () => {
        const large = "漢é😀x".repeat(10_000_000 / 10);
        const { events, outcome } = await play(
          way,
          turnOf({ produce: () => fromEvents(streamOf([textDelta(large)])) }),
        );
        // Not toEqual: nobody wants to read that difference.
        expect(events[1]?.data?.["delta"] === large).toBe(true);
        expect(outcome.finalText === large).toBe(true);
      });
    });
  }
};

export default suite;
