import type { ChatTurnHooks, TurnOutcome } from "../../src/index.ts";
import { COMPLETED, FAILED, play, producerOf, turnOf, typesOf, ways } from "../support/play-turn.ts";
import type { PortableSuite } from "../support/test-api.ts";

type Fault = "throws" | "rejects";
const faults: readonly Fault[] = ["throws", "rejects"];
const raise = (): never => {
  throw new Error("broken");
};
const faulty = (fault: Fault): (() => never) =>
  fault === "throws" ? raise : () => Promise.reject(new Error("broken")) as never;

/** Hooks of settle by what a failure of theirs means, in the order in which they run. */
const fatal = ["finalText", "transformFinalText", "persistAssistantMessage"] as const;
const harmless = ["onTurnComplete", "onTurnEnd", "onEvent", "traceFlush"] as const;

const suite: PortableSuite = ({ describe, it, expect }) => {
  for (const way of ways) {
    describe(way, () => {
      for (const fault of faults) {
        for (const name of fatal) {
          it(`T4: ${name} that ${fault} fails the turn, and nobody is told that it is complete`, async () => {
            const calls: string[] = [];
            const fail = faulty(fault);
            const hooks: Partial<ChatTurnHooks> = {
              produce: () => ({ ...producerOf([]), ...(name === "finalText" ? { finalText: raise } : {}) }),
              persistAssistantMessage: () => void calls.push("persist"),
              onTurnComplete: () => void calls.push("complete"),
              onTurnEnd: ({ outcome, failure }) => void calls.push(`end ${outcome} ${failure?.message}`),
              traceFlush: () => void calls.push("flush"),
              ...(name === "finalText" ? {} : { [name]: fail }),
            };
            const { events, outcome } = await play(way, turnOf(hooks));
            const failure = { message: "broken" };
            const finalText = name === "persistAssistantMessage" ? "Hello" : "";
            expect(outcome).toStrictEqual({ status: "failed", finalText, persisted: false, failure });
            expect(calls).toEqual(["end failed broken", "flush"]);
            expect(events.slice(-2)).toStrictEqual([
              { type: "error", data: failure },
              { type: FAILED, data: { sessionId: "thread-1", ...failure } },
            ]);
          });
        }

        for (const name of harmless) {
          it(`T4: ${name} that ${fault} is logged and changes nothing`, async () => {
            const input = turnOf({ [name]: faulty(fault) });
            const { events, outcome } = await play(way, input);
            expect(typesOf(events).at(-1)).toBe(COMPLETED);
            expect(outcome).toStrictEqual({ status: "completed", finalText: "Hello", persisted: true });
            const lines = input.logs.filter(({ message }) => message === `${name} failed`);
            expect(lines.length).toBe(name === "onEvent" ? 3 : 1);
            expect(lines[0]?.meta).toMatchObject({ sessionId: "thread-1", turnIndex: 3 });
            expect(lines[0]?.meta["error"]).toMatchObject({ message: "broken" });
          });
        }
      }

      it("T4: every set of failing hooks comes to one terminal, one onTurnEnd and the right outcome", async () => {
        const names = [...fatal, ...harmless];
        for (let mask = 0; mask < 2 ** names.length; mask++) {
          const failing = names.filter((_, at) => (mask & (1 << at)) !== 0);
          const calls: string[] = [];
          const hook =
            (name: (typeof names)[number]) =>
            (value: unknown): unknown => {
              calls.push(name);
              return failing.includes(name) ? raise() : value;
            };
          const hooks: Record<string, unknown> = Object.fromEntries(names.map((name) => [name, hook(name)]));
          const input = turnOf({
            ...hooks,
            produce: () => ({ ...producerOf([]), finalText: () => hook("finalText")("Hello") as string }),
          });
          const { events, outcome } = await play(way, input);
          const hint = failing.join(", ");
          const broken = fatal.find((name) => failing.includes(name));
          const reached = fatal.slice(0, broken === undefined ? fatal.length : fatal.indexOf(broken) + 1);
          const after =
            broken === undefined ? ["onTurnComplete", "onTurnEnd", "traceFlush"] : ["onTurnEnd", "traceFlush"];
          expect(
            calls.filter((name) => name !== "onEvent"),
            hint,
          ).toEqual([...reached, ...after]);
          expect(outcome.status, hint).toBe(broken === undefined ? "completed" : "failed");
          expect(outcome.persisted, hint).toBe(broken === undefined);
          expect(typesOf(events).filter((type) => type === COMPLETED || type === FAILED).length, hint).toBe(1);
        }
      });

      it("T4: a transform that gives no string fails the turn", async () => {
        const input = turnOf({ transformFinalText: () => undefined as unknown as string });
        const { outcome } = await play(way, input);
        const message = "transformFinalText must be a string, got undefined";
        const expected: TurnOutcome = { status: "failed", finalText: "", persisted: false, failure: { message } };
        expect(outcome).toStrictEqual(expected);
      });

      it("T4: a persist that fails is logged with its cause", async () => {
        const input = turnOf({ persistAssistantMessage: raise });
        await play(way, input);
        expect(input.logs.map(({ message }) => message)).toEqual(["persistAssistantMessage failed"]);
        expect(input.logs[0]?.meta["error"]).toMatchObject({ message: "broken" });
      });
    });
  }
};

export default suite;
