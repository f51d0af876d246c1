import type { ChatTurnHooks, ChatTurnInput, TurnEvent, TurnProducer } from "../../src/index.ts";
import { textDelta } from "../../src/index.ts";
import { createDeferred } from "../../src/internal/deferred.ts";
import {
  CANCELLED,
  never,
  play,
  producerOf,
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

const suite: PortableSuite = ({ describe, it, expect }) => {
  /** Demands that a turn was cancelled, for this reason, with no hook run but onTurnEnd. */
  async function expectCancelled(running: Running, hooks: string[], reason?: string): Promise<void> {
    const { events, outcome } = await running.ended;
    expect(events.at(0)?.type).toBe(STARTED);
    expect(events.at(-1)).toStrictEqual({
      type: CANCELLED,
      data: { sessionId: "thread-1", ...(reason === undefined ? {} : { reason }) },
    });
    expect(outcome).toStrictEqual({ status: "cancelled", finalText: "", persisted: false });
    expect(hooks).toEqual(["end cancelled"]);
  }

  function stoppable(hooks: Partial<ChatTurnHooks>): { input: ChatTurnInput; calls: string[]; stop: AbortController } {
    const calls: string[] = [];
    const stop = new AbortController();
    const input = turnOf(
      {
        persistAssistantMessage: () => void calls.push("persist"),
        onTurnComplete: () => void calls.push("complete"),
        onTurnEnd: ({ outcome }) => void calls.push(`end ${outcome}`),
        ...hooks,
      },
      { signal: stop.signal },
    );
    return { input, calls, stop };
  }

  for (const way of ways) {
    describe(way, () => {
      it("T6: a turn that was stopped before it started calls no produce", async () => {
        let produced = 0;
        const { input, calls, stop } = stoppable({ produce: () => (produced++, producerOf([])) });
        stop.abort("Too late");
        await expectCancelled(start(way, input), calls, "Too late");
        expect(produced).toBe(0);
      });

      it("T6: a stop while onEvent sees started calls no produce", async () => {
        let produced = 0;
        const { input, calls, stop } = stoppable({
          produce: () => (produced++, producerOf([])),
          onEvent: () => stop.abort("At once"),
        });
        await expectCancelled(start(way, input), calls, "At once");
        expect(produced).toBe(0);
      });

      it("T6: a stop while produce is pending ends the turn, and a late producer is returned", async () => {
        const late = createDeferred<TurnProducer>();
        let signal: AbortSignal | undefined;
        let returned = 0;
        const { input, calls, stop } = stoppable({ produce: (turn) => ((signal = turn.signal), late.promise) });
        const running = start(way, input);
        await settle();
        stop.abort("Stop");
        await expectCancelled(running, calls, "Stop");
        expect(signal?.aborted).toBe(true);
        expect(signal?.reason).toBe("Stop");
        late.resolve(producerWith({ next: never, return: () => returned++ }));
        await settle();
        expect(returned).toBe(1);
      });

      it("T6: a producer that comes in the very moment of the stop is returned too", async () => {
        // However many microtasks lie between the producer and the stop.
        for (let ticks = 0; ticks < 12; ticks++) {
          const coming = createDeferred<TurnProducer>();
          let opened = 0;
          let returned = 0;
          const { input, calls, stop } = stoppable({ produce: () => coming.promise });
          const running = start(way, input);
          await settle();
          const stream = {
            [Symbol.asyncIterator]() {
              opened++;
              return { next: never, return: () => returned++ };
            },
          };
          coming.resolve({ stream: stream as unknown as AsyncIterable<TurnEvent>, finalText: () => "" });
          for (let tick = 0; tick < ticks; tick++) await Promise.resolve();
          stop.abort("Stop");
          await expectCancelled(running, calls, "Stop");
          await settle();
          expect([opened, returned], `after ${ticks} microtasks`).toEqual([1, 1]);
        }
      });

      it("T6: a produce that fails after the stop is logged and changes nothing", async () => {
        const late = createDeferred<TurnProducer>();
        const { input, calls, stop } = stoppable({ produce: () => late.promise });
        const running = start(way, input);
        await settle();
        stop.abort();
        await expectCancelled(running, calls);
        late.reject(new Error("aborted"));
        await settle();
        expect((input as ReturnType<typeof turnOf>).logs.map(({ message }) => message)).toEqual(["produce failed"]);
      });

      it("T6: a stop that produce brings about itself ends the turn, though produce hangs", async () => {
        const { input, calls, stop } = stoppable({
          produce() {
            stop.abort("By itself");
            return never<TurnProducer>();
          },
        });
        await expectCancelled(start(way, input), calls, "By itself");
      });

      it("T6: a stop ends a turn whose next() hangs, before the first event and between events", async () => {
        for (const yields of [0, 1, 3]) {
          let asked = 0;
          let returned = 0;
          let signal: AbortSignal | undefined;
          const next = (): unknown => (asked++ < yields ? { done: false, value: textDelta("a") } : never());
          const { input, calls, stop } = stoppable({
            produce: (turn) => ((signal = turn.signal), producerWith({ next, return: () => (returned++, never()) })),
          });
          const running = start(way, input);
          await settle();
          expect(running.events.length).toBe(1 + yields);
          expect(signal?.aborted).toBe(false);
          stop.abort(new Error("The person pressed stop"));
          expect(signal?.aborted).toBe(true);
          await expectCancelled(running, calls, "The person pressed stop");
          expect(returned).toBe(1);
          expect(running.events.length).toBe(2 + yields);
        }
      });

      it("T6: a stop after each event index cancels with just those events, and the last one still counts", async () => {
        const words = [textDelta("a"), textDelta("b"), textDelta("c")];
        for (let at = 0; at < words.length; at++) {
          let seen = 0;
          const { input, calls, stop } = stoppable({
            produce: () => producerOf(words),
            onEvent: ({ type }) => void (type === "message.part.updated" && seen++ === at && stop.abort("Enough")),
          });
          const running = start(way, input);
          await expectCancelled(running, calls, "Enough");
          expect(typesOf(running.events)).toEqual([
            STARTED,
            ...words.slice(0, at + 1).map(({ type }) => type),
            CANCELLED,
          ]);
        }
      });

      it("T6: what a producer says after the stop is not heard, nor that it failed", async () => {
        for (const fails of [false, true]) {
          const answer = createDeferred<IteratorResult<TurnEvent>>();
          const { input, calls, stop } = stoppable({ produce: () => producerWith({ next: () => answer.promise }) });
          const running = start(way, input);
          await settle();
          stop.abort();
          if (fails) answer.reject(new Error("too late"));
          else answer.resolve({ done: false, value: textDelta("too late") });
          await expectCancelled(running, calls);
          await settle();
          expect(typesOf(running.events)).toEqual([STARTED, CANCELLED]);
        }
      });

      it("T6: the reason is told as far as a person gave one", async () => {
        const unreadable = Object.defineProperty(new Error("x"), "message", {
          get() {
            throw new Error("never look here");
          },
        });
        const { proxy, revoke } = Proxy.revocable({}, {});
        revoke();
        const timeout = new DOMException("It took too long", "TimeoutError");
        const reasons: readonly (readonly [given: unknown, told: string | undefined])[] = [
          ["A string", "A string"],
          ["", undefined],
          [undefined, undefined],
          [null, undefined],
          [7, undefined],
          [new Error("An error"), "An error"],
          [new Error(""), undefined],
          [timeout, "It took too long"],
          [new DOMException("This operation was aborted", "AbortError"), undefined],
          [{ message: "like an error" }, undefined],
          [unreadable, undefined],
          [proxy, undefined],
        ];
        for (const [given, told] of reasons) {
          const { input, calls, stop } = stoppable({ produce: () => producerWith({ next: never }) });
          const running = start(way, input);
          await settle();
          try {
            stop.abort(given);
          } catch {
            // Some runtimes take no reason that cannot be read.
            stop.abort();
          }
          await expectCancelled(running, calls, told);
        }
      });

      it("T6: listeners are taken off a signal that lives longer than its turns", async () => {
        const stop = new AbortController();
        let listeners = 0;
        const { signal } = stop;
        const counting = {
          get aborted() {
            return signal.aborted;
          },
          addEventListener: () => void listeners++,
          removeEventListener: () => void listeners--,
        } as unknown as AbortSignal;
        for (let turn = 0; turn < 5; turn++) {
          const played = await play(way, turnOf({}, { signal: counting }));
          expect(played.outcome.status).toBe("completed");
        }
        expect(listeners).toBe(0);
      });
    });
  }
};

export default suite;
