import type { ChatTurnHooks } from "../../src/index.ts";
import { createDeferred } from "../../src/internal/deferred.ts";
import {
  CANCELLED,
  COMPLETED,
  play,
  producerOf,
  producerWith,
  start,
  turnOf,
  typesOf,
  ways,
} from "../support/play-turn.ts";
import type { PortableSuite } from "../support/test-api.ts";
import { settle } from "../support/virtual-clock.ts";

const hooksOfSettle = [
  "transformFinalText",
  "persistAssistantMessage",
  "onTurnComplete",
  "onTurnEnd",
  "traceFlush",
] as const;

const suite: PortableSuite = ({ describe, it, expect }) => {
  for (const way of ways) {
    describe(way, () => {
      for (const name of hooksOfSettle) {
        it(`T6: a stop while ${name} runs changes nothing`, async () => {
          const stop = new AbortController();
          const reached = createDeferred<void>();
          const gate = createDeferred<void>();
          let signal: AbortSignal | undefined;
          const ended: string[] = [];
          const hook = (given: unknown): Promise<never> => {
            reached.resolve();
            return gate.promise.then(() => given as never);
          };
          const hooks: Partial<ChatTurnHooks> = {
            produce: (turn) => ((signal = turn.signal), producerOf([])),
            ...(name === "onTurnEnd" ? {} : { onTurnEnd: ({ outcome }) => void ended.push(outcome) }),
            [name]: hook,
          };
          const running = start(way, turnOf(hooks, { signal: stop.signal, partialText: "keep" }));
          await reached.promise;
          stop.abort("Too late");
          await settle();
          gate.resolve();
          const { events, outcome } = await running.ended;
          expect(outcome).toStrictEqual({ status: "completed", finalText: "Hello", persisted: true });
          expect(typesOf(events).at(-1)).toBe(COMPLETED);
          if (name !== "onTurnEnd") expect(ended).toEqual(["completed"]);
          // The producer has nothing left to stop.
          expect(signal?.aborted).toBe(false);
        });
      }

      it("T6: entering settle is the point of no return: a stop in finalText() comes too late", async () => {
        const stop = new AbortController();
        const produce = () => ({ ...producerOf([]), finalText: () => (stop.abort("Too late"), "Hello") });
        const { outcome } = await play(way, turnOf({ produce }, { signal: stop.signal }));
        expect(outcome.status).toBe("completed");
      });

      it("T6: a stop just before next() says that it is done still counts", async () => {
        const stop = new AbortController();
        const next = (): unknown => (stop.abort("Just in time"), { done: true, value: undefined });
        const { events } = await play(way, turnOf({ produce: () => producerWith({ next }) }, { signal: stop.signal }));
        expect(events.at(-1)).toStrictEqual({
          type: CANCELLED,
          data: { sessionId: "thread-1", reason: "Just in time" },
        });
      });

      it("T6: a stop after the end changes nothing", async () => {
        const stop = new AbortController();
        let returned = 0;
        const iterator = { next: () => ({ done: true }), return: () => returned++ };
        const input = turnOf({ produce: () => producerWith(iterator) }, { signal: stop.signal });
        const { events, outcome } = await play(way, input);
        stop.abort("Long over");
        await settle();
        expect(outcome.status).toBe("completed");
        expect(typesOf(events).at(-1)).toBe(COMPLETED);
        expect(returned).toBe(0);
        expect(input.logs).toEqual([]);
      });

      it("T6: any stop, in whichever microtask it falls, makes a turn that is either cancelled or complete", async () => {
        const statuses = new Set<string>();
        for (let ticks = 0; ticks < 60; ticks++) {
          const stop = new AbortController();
          const calls: string[] = [];
          const input = turnOf(
            {
              persistAssistantMessage: () => void calls.push("persist"),
              onTurnComplete: () => void calls.push("complete"),
              onTurnEnd: ({ outcome }) => void calls.push(outcome),
            },
            { signal: stop.signal },
          );
          const running = start(way, input);
          for (let tick = 0; tick < ticks; tick++) await Promise.resolve();
          stop.abort("Now");
          const { events, outcome } = await running.ended;
          statuses.add(outcome.status);
          const done = outcome.status === "completed";
          const hint = `after ${ticks} microtasks`;
          expect(calls, hint).toEqual(done ? ["persist", "complete", "completed"] : ["cancelled"]);
          expect(typesOf(events).at(-1), hint).toBe(done ? COMPLETED : CANCELLED);
        }
        expect([...statuses].sort()).toEqual(["cancelled", "completed"]);
      });
    });
  }
};

export default suite;
