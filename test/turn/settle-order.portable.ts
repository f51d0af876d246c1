import type { ChatTurnHooks, ChatTurnInput, SettledTurn, TurnEvent } from "../../src/index.ts";
import { textDelta } from "../../src/index.ts";
import { createDeferred } from "../../src/internal/deferred.ts";
import {
  COMPLETED,
  identity,
  play,
  producerWith,
  type Running,
  start,
  STARTED,
  turnOf,
  typesOf,
  ways,
} from "../support/play-turn.ts";
import type { PortableSuite } from "../support/test-api.ts";
import { settle } from "../support/virtual-clock.ts";

/** Hooks that note when they begin and end; each takes a few macrotasks, so that what should wait is seen to wait. */
function recordingHooks(note: (what: string) => void): ChatTurnHooks {
  const step = async (name: string): Promise<void> => {
    note(`${name} begins`);
    await settle();
    note(`${name} ends`);
  };
  let yielded = 0;
  const next = async (): Promise<IteratorResult<TurnEvent>> => {
    if (yielded++ === 0) return { done: false, value: textDelta("Hello") };
    note("drained");
    return { done: true, value: undefined };
  };
  return {
    produce: () => (note("produce"), producerWith({ next }, () => (note("finalText"), "Hello"))),
    transformFinalText: async (text) => (await step("transform"), text),
    persistAssistantMessage: () => step("persist"),
    onTurnComplete: () => step("complete"),
    onTurnEnd: () => step("end"),
    onEvent: ({ type }) => {
      note(`event ${type}`);
      return step(`onEvent ${type}`);
    },
    traceFlush: () => step("flush"),
  };
}

const suite: PortableSuite = ({ describe, it, expect }) => {
  for (const way of ways) {
    describe(way, () => {
      it("T3: hooks run in their order, each after the one before has ended", async () => {
        const notes: string[] = [];
        const running = start(way, turnOf(recordingHooks((what) => notes.push(what))));
        await running.ended;
        expect(notes.filter((what) => !what.startsWith("onEvent") || what === `onEvent ${COMPLETED} ends`)).toEqual([
          `event ${STARTED}`,
          "produce",
          "event message.part.updated",
          "drained",
          "finalText",
          "transform begins",
          "transform ends",
          "persist begins",
          "persist ends",
          "complete begins",
          "complete ends",
          "end begins",
          "end ends",
          `event ${COMPLETED}`,
          // What onEvent returned is waited for before the flush.
          `onEvent ${COMPLETED} ends`,
          "flush begins",
          "flush ends",
        ]);
      });

      it("T3: completed is read before the flush ends, and the body closes after it", async () => {
        const flush = createDeferred<void>();
        const running = start(way, turnOf({ traceFlush: () => flush.promise }));
        let ended = false;
        void running.ended.then(() => (ended = true));
        await settle();
        expect(typesOf(running.events).at(-1)).toBe(COMPLETED);
        expect(ended).toBe(false);
        flush.resolve();
        await running.ended;
      });

      it("T3: the terminal waits for each step of settle, whatever has been read by then", async () => {
        const steps = ["transformFinalText", "persistAssistantMessage", "onTurnComplete", "onTurnEnd"] as const;
        for (const name of steps) {
          const gate = createDeferred<void>();
          const hook = (given: unknown): Promise<never> => gate.promise.then(() => given as never);
          const running: Running = start(way, turnOf({ [name]: hook }));
          await settle();
          expect(typesOf(running.events), name).toEqual([STARTED, "message.part.updated"]);
          gate.resolve();
          expect(typesOf((await running.ended).events).at(-1), name).toBe(COMPLETED);
        }
      });

      it("T3: hooks are told what was settled", async () => {
        const told: Record<string, SettledTurn> = {};
        const noteAs =
          (name: string) =>
          (turn: SettledTurn): void =>
            void (told[name] = turn);
        const input: ChatTurnInput = turnOf(
          {
            transformFinalText: (text) => text.toUpperCase(),
            persistAssistantMessage: noteAs("persist"),
            onTurnComplete: noteAs("complete"),
            onTurnEnd: noteAs("end"),
          },
          { executionId: "p:thread-1:3" },
        );
        const { events, outcome } = await play(way, input);
        const settled = { identity, executionId: "p:thread-1:3", finalText: "HELLO", outcome: "completed" };
        expect(told).toStrictEqual({ persist: settled, complete: settled, end: settled });
        expect(outcome).toStrictEqual({ status: "completed", finalText: "HELLO", persisted: true });
        // What was streamed stays as it was.
        expect(events[1]).toStrictEqual(textDelta("Hello"));
      });

      it("T3: no hook runs before the caller has its result, and produce is told whose turn it is", async () => {
        let context: unknown;
        let called = false;
        const hooks: Partial<ChatTurnHooks> = {
          produce(turn) {
            called = true;
            context = { ...turn, signal: turn.signal.aborted };
            return producerWith({ next: () => ({ done: true }) });
          },
        };
        const running = start(way, turnOf(hooks, { lastEventId: "41", projectId: "p" }));
        expect(called).toBe(false);
        await running.ended;
        expect(context).toStrictEqual({ identity, executionId: "p:thread-1:3", lastEventId: "41", signal: false });
      });

      it("T3: hooks are called on their own object", async () => {
        class Hooks implements ChatTurnHooks {
          #kept = "";
          produce(): ReturnType<ChatTurnHooks["produce"]> {
            return producerWith({ next: () => ({ done: true }) }, () => `${this.#kept}Hello`);
          }
          persistAssistantMessage({ finalText }: SettledTurn): void {
            this.#kept = finalText;
          }
          onTurnEnd(): void {
            this.#kept += "!";
          }
        }
        const { outcome } = await play(way, { identity, hooks: new Hooks() });
        expect(outcome.persisted).toBe(true);
      });
    });
  }
};

export default suite;
