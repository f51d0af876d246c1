import { fromEvents, textDelta } from "../../src/index.ts";
import type { TurnEvent, TurnProducer } from "../../src/index.ts";
import {
  COMPLETED,
  FAILED,
  play,
  producerOf,
  producerWith,
  STARTED,
  streamOf,
  turnOf,
  typesOf,
  ways,
} from "../support/play-turn.ts";
import type { PortableSuite } from "../support/test-api.ts";

const finalText = (): string => "Hello";
const raise = (message: string): never => {
  throw new Error(message);
};

/** What `produce` should not return, with what the failure names. */
const results: readonly (readonly [name: string, result: unknown, message: RegExp])[] = [
  ["undefined", undefined, /produce returned must be an object, got undefined/],
  ["null", null, /produce returned must be an object, got null/],
  ["a number", 7, /produce returned must be an object, got 7/],
  ["an array", [], /produce returned must be an object, got an array/],
  ["no stream", { finalText }, /stream must be async iterable, got undefined/],
  ["a stream that is a string", { finalText, stream: "text" }, /stream must be async iterable, got "text"/],
  ["a stream that cannot be iterated", { finalText, stream: {} }, /stream must be async iterable, got an object/],
  ["no finalText", { stream: streamOf([]) }, /finalText must be a function, got undefined/],
  [
    "a stream whose getter throws",
    {
      finalText,
      get stream() {
        return raise("no stream today");
      },
    },
    /no stream today/,
  ],
  ["a stream that does not open", { finalText, stream: { [Symbol.asyncIterator]: () => raise("closed") } }, /closed/],
  [
    "a finalText that gives a number",
    { ...producerOf([]), finalText: () => 7 },
    /finalText\(\) must be a string, got 7/,
  ],
  [
    "a finalText that gives a promise",
    { ...producerOf([]), finalText: async () => "x" },
    /must be a string, got an object/,
  ],
  [
    "a finalText whose promise rejects",
    { ...producerOf([]), finalText: () => Promise.reject(new Error("late")) },
    /must be a string/,
  ],
  ["a finalText that throws", { ...producerOf([]), finalText: () => raise("no text") }, /^no text$/],
];

/** What a producer's iterator should not do. */
const iterators: readonly (readonly [name: string, iterator: object, message: RegExp])[] = [
  ["next missing", {}, /next is not a function|not a function|undefined/],
  ["next gives undefined", { next: () => undefined }, /next\(\) must be an object, got undefined/],
  ["next resolves with null", { next: async () => null }, /next\(\) must be an object, got null/],
  ["next gives a number", { next: () => 5 }, /next\(\) must be an object, got 5/],
  ["next throws at once", { next: () => raise("at once") }, /^at once$/],
  ["next rejects", { next: async () => raise("later") }, /^later$/],
  [
    "a result whose done throws",
    {
      next: () => ({
        get done() {
          return raise("no done");
        },
      }),
    },
    /^no done$/,
  ],
  [
    "a result whose value throws",
    {
      next: () => ({
        done: false,
        get value() {
          return raise("no value");
        },
      }),
    },
    /^no value$/,
  ],
  ["a result without a value", { next: () => ({}) }, /event must be an object/],
];

/** What is no event. */
const values: readonly (readonly [name: string, value: unknown, message: RegExp])[] = [
  ["null", null, /event must be an object, got null/],
  ["undefined", undefined, /event must be an object, got undefined/],
  ["a string", "text", /event must be an object, got "text"/],
  ["an empty object", {}, /type must be a string that is not empty, got undefined/],
  ["an empty type", { type: "" }, /type must be a string that is not empty, got ""/],
  ["a number as type", { type: 5 }, /type must be a string that is not empty, got 5/],
  ["a number as id", { type: "status", id: 5 }, /id must be a string, got 5/],
  ["null as id", { type: "status", id: null }, /id must be a string, got null/],
  [
    "a type whose getter throws",
    {
      get type() {
        return raise("no type");
      },
    },
    /^no type$/,
  ],
];

const suite: PortableSuite = ({ describe, it, expect }) => {
  for (const way of ways) {
    async function expectFailure(produce: () => TurnProducer, message: RegExp): Promise<void> {
      const input = turnOf({ produce });
      const { events, outcome } = await play(way, input);
      expect(typesOf(events).slice(-2)).toEqual(["error", FAILED]);
      expect(outcome).toMatchObject({ status: "failed", persisted: false });
      expect(outcome.failure?.message).toMatch(message);
    }

    describe(way, () => {
      for (const [name, result, message] of results) {
        it(`T2: produce returns ${name}`, () => expectFailure(() => result as TurnProducer, message));
      }
      for (const [name, iterator, message] of iterators) {
        it(`T2: the iterator: ${name}`, () => expectFailure(() => producerWith(iterator), message));
        it(`T2: the iterator behind fromEvents: ${name}`, () =>
          expectFailure(() => fromEvents(producerWith(iterator).stream), message));
      }
      for (const [name, value, message] of values) {
        it(`T2: an event that is none: ${name}`, () =>
          expectFailure(() => producerOf([textDelta("a"), value as TurnEvent]), message));
      }

      it("T2: events whose data cannot be looked at hurt nobody, also behind fromEvents", async () => {
        const { proxy, revoke } = Proxy.revocable({}, {});
        revoke();
        const hostile = { type: "message.part.updated", data: proxy } as TurnEvent;
        const { events } = await play(way, turnOf({ produce: () => fromEvents(streamOf([hostile, textDelta("on")])) }));
        expect(typesOf(events)).toEqual([STARTED, "message.part.updated", "message.part.updated", COMPLETED]);
      });

      it("T2: return() that throws or rejects is logged and changes nothing", async () => {
        for (const failing of [() => raise("stuck"), async () => raise("stuck")]) {
          const iterator = { next: async () => ({ value: { type: "" } }), return: failing };
          const input = turnOf({ produce: () => producerWith(iterator) });
          const { events } = await play(way, input);
          expect(events.at(-1)?.type).toBe(FAILED);
          expect(input.logs.map(({ message }) => message)).toContain("The producer's return() failed");
        }
      });

      it("T2: a producer whose event was refused is told by its signal, and returned", async () => {
        let returned = 0;
        let signal: AbortSignal | undefined;
        const iterator = { next: () => ({ value: null }), return: () => returned++ };
        await play(way, turnOf({ produce: (turn) => ((signal = turn.signal), producerWith(iterator)) }));
        expect(returned).toBe(1);
        expect(signal?.aborted).toBe(true);
      });

      it("T2: usage() that throws, rejects or gives nonsense is no usage", async () => {
        for (const usage of [
          () => raise("no"),
          () => Promise.reject(new Error("no")),
          () => 7,
          () => ({ inputTokens: "7" }),
        ]) {
          const produce = (): TurnProducer => ({ ...producerOf([]), usage: usage as unknown as () => undefined });
          const { outcome } = await play(way, turnOf({ produce }));
          expect(outcome).toStrictEqual({ status: "completed", finalText: "Hello", persisted: true });
        }
      });

      it("T2: produce may be asynchronous, and its stream a plain iterable", async () => {
        const stream = [textDelta("He"), textDelta("llo")] as unknown as AsyncIterable<TurnEvent>;
        for (const produce of [() => fromEvents(stream), async () => fromEvents(stream)]) {
          const { events, outcome } = await play(way, turnOf({ produce }));
          expect(events.length).toBe(4);
          expect(outcome.finalText).toBe("Hello");
        }
      });
    });
  }
};

export default suite;
