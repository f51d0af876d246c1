import { createTextAccumulator, fromEvents, textDelta, type TurnEvent } from "../../src/index.ts";
import type { PortableSuite } from "../support/test-api.ts";

const delta = (text: string, id?: string): TurnEvent =>
  part({ type: "text", ...(id === undefined ? {} : { id }) }, text);
const whole = (text: string, id?: string): TurnEvent =>
  part({ type: "text", text, ...(id === undefined ? {} : { id }) });
const result = (finalText: unknown, tokenUsage?: unknown): TurnEvent => ({
  type: "result",
  data: { finalText, ...(tokenUsage === undefined ? {} : { tokenUsage }) },
});

const CASES: readonly (readonly [name: string, events: readonly TurnEvent[], text: string])[] = [
  ["nothing", [], ""],
  ["deltas are appended", [delta("Hel"), delta("lo"), textDelta("!")], "Hello!"],
  ["a cumulative text replaces", [whole("He"), whole("Hello")], "Hello"],
  ["a cumulative text may take back", [whole("Hello"), whole("Hel")], "Hel"],
  ["a cumulative text replaces deltas", [delta("Hxl"), whole("Hello")], "Hello"],
  ["deltas go on from a cumulative text", [whole("Hel"), delta("lo")], "Hello"],
  [
    "a text beside a delta is cumulative",
    [delta("H"), part({ type: "text", text: "Hel" }, "el"), delta("lo")],
    "Hello",
  ],
  [
    "an empty text beside a delta is no cumulative one",
    [part({ type: "text", text: "" }, "Hel"), delta("lo")],
    "Hello",
  ],
  ["an empty text alone clears", [delta("Hello"), whole("")], ""],
  [
    "older senders say content",
    [part({ type: "text", content: "Hel" }), part({ type: "text", content: "Hello" })],
    "Hello",
  ],
  ["text wins over content", [part({ type: "text", text: "new", content: "old" })], "new"],
  ["parts with ids stand in the order in which they came", [delta("A", "2"), delta("B", "1"), delta("a", "2")], "AaB"],
  ["a cumulative text replaces its own part only", [delta("A", "1"), delta("B", "2"), whole("C", "1")], "CB"],
  ["parts without an id are one", [delta("A"), delta("X", "1"), delta("B")], "ABX"],
  ["an id may be the name of anything", [delta("A", "__proto__"), delta("B", "constructor")], "AB"],
  ["result wins over all", [delta("x"), result("Hello"), delta("y")], "Hello"],
  ["an empty result wins too", [delta("x"), result("")], ""],
  ["the last result counts", [result("a"), result("b")], "b"],
  ["a result without a text says nothing", [delta("x"), result(5), result(undefined)], "x"],
  [
    "reasoning and tools are no answer",
    [part({ type: "reasoning" }, "hm"), part({ type: "tool", text: "t" }), delta("x")],
    "x",
  ],
  ["other events are no answer", [{ type: "status", data: { delta: "no" } }, { type: "x" }, delta("x")], "x"],
  [
    "nonsense is passed over",
    [
      { type: "message.part.updated" },
      { type: "message.part.updated", data: {} },
      { type: "message.part.updated", data: { part: null, delta: "no" } },
      { type: "message.part.updated", data: { part: "text", delta: "no" } },
      { type: "message.part.updated", data: { part: { type: "text" } } },
      { type: "message.part.updated", data: { part: { type: "text", text: 5 }, delta: 6 } },
      { type: "message.part.updated", data: null as never },
      { type: "result", data: 5 as never },
      { type: "result" },
      delta("x"),
    ],
    "x",
  ],
];

const suite: PortableSuite = ({ describe, it, expect }) => {
  describe("createTextAccumulator", () => {
    for (const [name, events, text] of CASES) {
      it(name, async () => {
        const answer = createTextAccumulator();
        for (const event of events) answer.add(event);
        expect(answer.text()).toBe(text);
        expect(answer.text(), "asked twice").toBe(text);

        // A producer around the same events reads the same answer.
        const producer = fromEvents(toStream(events));
        for await (const _ of producer.stream);
        expect(producer.finalText()).toBe(text);
      });
    }

    it("may be asked in between", () => {
      const answer = createTextAccumulator();
      let expected = "";
      for (let index = 0; index < 3000; index++) {
        answer.add(delta(`${index} `));
        expected += `${index} `;
        if (index % 511 === 0) expect(answer.text()).toBe(expected);
      }
      expect(answer.text()).toBe(expected);
      answer.add(whole("anew"));
      answer.add(delta("!"));
      expect(answer.text()).toBe("anew!");
    });

    it("says whether anything was said about the text", () => {
      const answer = createTextAccumulator();
      answer.add({ type: "status" });
      answer.add(part({ type: "reasoning" }, "hm"));
      answer.add(result(5));
      expect(answer.touched).toBe(false);
      answer.add(whole(""));
      expect(answer.touched).toBe(true);
    });

    it("reads the usage off result events: finite numbers, the last that has any", () => {
      const answer = createTextAccumulator();
      expect(answer.usage()).toBeUndefined();
      answer.add(result("a", { inputTokens: 3, outputTokens: 4, model: "m", nan: NaN, deep: {} }));
      expect(answer.usage()).toStrictEqual({ inputTokens: 3, outputTokens: 4 });
      for (const none of [null, 5, "x", {}, { model: "m" }, []]) answer.add(result("a", none));
      expect(answer.usage()).toStrictEqual({ inputTokens: 3, outputTokens: 4 });
      answer.add(result(5, { inputTokens: 9 }));
      expect(answer.usage()).toStrictEqual({ inputTokens: 9 });
    });
  });
};

function part(fields: Readonly<Record<string, unknown>>, text?: string): TurnEvent {
  return { type: "message.part.updated", data: { part: fields, ...(text === undefined ? {} : { delta: text }) } };
}

async function* toStream(events: readonly TurnEvent[]): AsyncGenerator<TurnEvent> {
  yield* events;
}

export default suite;
