import type { ChatTurnHooks, ChatTurnInput, TurnEvent } from "../../src/index.ts";
import { fromEvents, fromText, textDelta } from "../../src/index.ts";
import { FAILED, play, producerWith, STARTED, turnOf, typesOf, ways } from "../support/play-turn.ts";
import type { PortableSuite } from "../support/test-api.ts";

type How = "threw" | "stopped";
const hows: readonly How[] = ["threw", "stopped"];

/** A turn whose producer yields these events and then fails, or is stopped. */
function cutShort(how: How, events: readonly TurnEvent[], hooks: Partial<ChatTurnHooks>, finalText = () => "asked") {
  const stop = new AbortController();
  let at = 0;
  const next = (): unknown => {
    const value = events[at++];
    if (value !== undefined) return { done: false, value };
    if (how === "threw") throw new Error("the line broke");
    stop.abort("Enough");
    return new Promise(() => undefined);
  };
  const options: Partial<ChatTurnInput> = { partialText: "keep", signal: stop.signal };
  return turnOf({ produce: () => producerWith({ next }, finalText), ...hooks }, options);
}

const text = (data: Record<string, unknown>): TurnEvent => ({ type: "message.part.updated", data });

const suite: PortableSuite = ({ describe, it, expect }) => {
  for (const way of ways) {
    describe(way, () => {
      for (const how of hows) {
        it(`T9: a turn that ${how} keeps the text so far, as its events told it`, async () => {
          const told: readonly (readonly [events: readonly TurnEvent[], expected: string])[] = [
            [[textDelta("He"), textDelta("l")], "Hel"],
            [[text({ part: { type: "text", text: "He" } }), text({ part: { type: "text", text: "Hell" } })], "Hell"],
            [[textDelta("x"), { type: "result", data: { finalText: "Hello" } }], "Hello"],
            [[text({ part: { type: "reasoning" }, delta: "hm" }), textDelta("Hi")], "Hi"],
            // Nothing was said at all: there is nothing to ask the producer for.
            [[], ""],
            // Events that tell no text: the producer itself is asked.
            [[{ type: "custom.word", data: { word: "Hello" } }], "asked"],
          ];
          for (const [events, expected] of told) {
            const kept: string[] = [];
            const persistAssistantMessage: ChatTurnHooks["persistAssistantMessage"] = ({ finalText }) =>
              void kept.push(finalText);
            const { outcome } = await play(way, cutShort(how, events, { persistAssistantMessage }));
            expect(kept).toEqual([expected]);
            expect(outcome).toMatchObject({ finalText: expected, persisted: true });
          }
        });

        it(`T9: a transform that fails in a turn that ${how} keeps nothing, since it may redact`, async () => {
          const transformFinalText = (): never => {
            throw new Error("no redaction today");
          };
          const calls: string[] = [];
          const persistAssistantMessage = (): void => void calls.push("persist");
          const input = cutShort(how, [textDelta("secret")], { transformFinalText, persistAssistantMessage });
          const { outcome } = await play(way, input);
          expect(calls).toEqual([]);
          expect(outcome).toMatchObject({ finalText: "", persisted: false });
          expect(input.logs.length).toBe(1);
        });

        it(`T9: a producer that cannot tell its text after a turn that ${how} leaves an empty one`, async () => {
          const silent = [{ type: "custom.word" }];
          const raise = (): never => {
            throw new Error("no text");
          };
          for (const finalText of [raise, () => 7, () => Promise.reject(new Error("no text"))]) {
            const { outcome } = await play(way, cutShort(how, silent, {}, finalText as unknown as () => string));
            expect(outcome).toMatchObject({ finalText: "", persisted: true });
          }
        });

        it(`T9: partialText 'drop' asks nobody for the text of a turn that ${how}`, async () => {
          const calls: string[] = [];
          const hooks: Partial<ChatTurnHooks> = {
            transformFinalText: (one) => (calls.push("transform"), one),
            persistAssistantMessage: () => void calls.push("persist"),
            onTurnComplete: () => void calls.push("complete"),
          };
          const input = cutShort(how, [textDelta("x")], hooks, () => (calls.push("finalText"), "x"));
          const { outcome } = await play(way, { ...input, partialText: "drop" });
          expect(calls).toEqual([]);
          expect(outcome).toMatchObject({ finalText: "", persisted: false });
        });
      }

      it("T9: a persist that fails after a stop fails the turn, and an error event tells of it", async () => {
        const persistAssistantMessage = (): never => {
          throw new Error("disk full");
        };
        for (const earlier of [[], [{ type: "error", data: { message: "a tool failed" } }]]) {
          const { events, outcome } = await play(way, cutShort("stopped", earlier, { persistAssistantMessage }));
          expect(typesOf(events)).toEqual([STARTED, ...typesOf(earlier), "error", FAILED]);
          expect(events.at(-2)?.data).toStrictEqual({ message: "disk full" });
          expect(outcome).toMatchObject({ status: "failed", persisted: false, failure: { message: "disk full" } });
        }
      });

      it("T9: usage so far is told to the hooks of a turn that was cut short", async () => {
        const events = [textDelta("x"), { type: "result", data: { finalText: "x", tokenUsage: { outputTokens: 5 } } }];
        const usages: unknown[] = [];
        const input = cutShort("threw", [], { onTurnEnd: ({ usage }) => void usages.push(usage) });
        const broken = async function* (): AsyncGenerator<TurnEvent> {
          yield* events;
          throw new Error("the line broke");
        };
        const { outcome } = await play(way, {
          ...input,
          hooks: { ...input.hooks, produce: () => fromEvents(broken()) },
        });
        expect(usages).toEqual([{ outputTokens: 5 }]);
        expect(outcome.usage).toEqual({ outputTokens: 5 });
      });

      it("T9: fromText fails like any producer, and keeps what came before", async () => {
        const pieces = async function* (): AsyncGenerator<string> {
          yield "He";
          yield 5 as unknown as string;
        };
        const { outcome } = await play(way, turnOf({ produce: () => fromText(pieces()) }, { partialText: "keep" }));
        expect(outcome).toMatchObject({ status: "failed", finalText: "He", persisted: true });
        expect(outcome.failure?.message).toBe("A piece of text must be a string, got 5");
      });
    });
  }
};

export default suite;
