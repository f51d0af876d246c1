import type { ChatTurnInput } from "../../src/index.ts";
import { handleChatTurn, runTurn, textDelta } from "../../src/index.ts";
import { createDeferred } from "../../src/internal/deferred.ts";
import {
  CANCELLED,
  COMPLETED,
  never,
  playAndLeave,
  producerOf,
  producerWith,
  STARTED,
  turnOf,
  ways,
} from "../support/play-turn.ts";
import type { PortableSuite } from "../support/test-api.ts";
import { settle } from "../support/virtual-clock.ts";

const words = ["one ", "two ", "three ", "four"];
const answer = words.join("");
/** Started, the words, completed. */
const eventCount = words.length + 2;

interface Watched {
  readonly input: ChatTurnInput;
  readonly calls: string[];
  readonly seen: string[];
}

function watchedTurn(options: Partial<ChatTurnInput> = {}): Watched {
  const calls: string[] = [];
  const seen: string[] = [];
  const input = turnOf(
    {
      produce: () => producerOf(words.map(textDelta), answer),
      persistAssistantMessage: ({ finalText }) => void calls.push(`persist ${finalText}`),
      onTurnComplete: () => void calls.push("complete"),
      onTurnEnd: ({ outcome }) => void calls.push(`end ${outcome}`),
      onEvent: ({ type }) => void seen.push(type),
      traceFlush: () => void calls.push("flush"),
    },
    options,
  );
  return { input, calls, seen };
}

const suite: PortableSuite = ({ describe, it, expect }) => {
  for (const way of ways) {
    describe(way, () => {
      // Nothing has begun in a runTurn of which nothing was read.
      for (let left = way === "runTurn" ? 1 : 0; left <= eventCount; left++) {
        it(`T5: a client that leaves after ${left} events loses nothing: the turn ends and is kept once`, async () => {
          // A buffer of one byte, so that the producer would wait for this client.
          for (const maxBufferedBytes of [1, 256 * 1024]) {
            const { input, calls, seen } = watchedTurn({ maxBufferedBytes });
            const { events, outcome } = await playAndLeave(way, input, left);
            expect(events.length).toBe(left);
            expect(calls).toEqual([`persist ${answer}`, "complete", "end completed", "flush"]);
            expect(outcome).toStrictEqual({ status: "completed", finalText: answer, persisted: true });
            expect(seen.at(0)).toBe(STARTED);
            expect(seen.at(-1)).toBe(COMPLETED);
            expect(seen.length).toBe(eventCount);
          }
        });

        it(`T5: with onDisconnect 'cancel' a client that leaves after ${left} events stops the turn`, async () => {
          // The producer never ends by itself.
          let yielded = 0;
          const next = (): unknown => (yielded++ < words.length ? { done: false, value: textDelta("word ") } : never());
          let signal: AbortSignal | undefined;
          let returned = 0;
          const calls: string[] = [];
          const input = turnOf(
            {
              produce(turn) {
                signal = turn.signal;
                return producerWith({ next, return: () => returned++ });
              },
              persistAssistantMessage: () => void calls.push("persist"),
              onTurnEnd: ({ outcome }) => void calls.push(`end ${outcome}`),
              onEvent: (event) => void (event.type === CANCELLED && calls.push(JSON.stringify(event.data))),
            },
            { onDisconnect: "cancel" },
          );
          const { outcome } = await playAndLeave(way, input, Math.min(left, eventCount - 1));
          expect(outcome).toStrictEqual({ status: "cancelled", finalText: "", persisted: false });
          expect(calls).toEqual(["end cancelled", '{"sessionId":"thread-1","reason":"The client left"}']);
          // A client that leaves at once leaves before produce is called.
          expect(signal?.aborted ?? true).toBe(true);
          expect(returned).toBe(signal === undefined ? 0 : 1);
        });
      }

      it("T5: with onDisconnect 'cancel' a client that leaves during settle changes nothing", async () => {
        const gate = createDeferred<void>();
        const persisting = createDeferred<void>();
        const { input, calls } = watchedTurn({ onDisconnect: "cancel" });
        const slow = turnOf(
          { ...input.hooks, persistAssistantMessage: () => (persisting.resolve(), gate.promise) },
          { onDisconnect: "cancel" },
        );
        const left = playAndLeave(way, slow, words.length + 1);
        await persisting.promise;
        await settle();
        gate.resolve();
        expect((await left).outcome.status).toBe("completed");
        expect(calls).toEqual(["complete", "end completed", "flush"]);
      });
    });
  }

  it("T5: a runTurn of which nothing was read has not begun", async () => {
    const { input, calls } = watchedTurn();
    const turn = runTurn(input);
    await turn.return(undefined as never);
    await settle();
    expect(calls).toEqual([]);
  });

  it("T5: leaving a runTurn early waits for the end of the turn", async () => {
    const gate = createDeferred<void>();
    const turn = runTurn(turnOf({ persistAssistantMessage: () => gate.promise }));
    await turn.next();
    let left = false;
    const leaving = turn.return(undefined as never).then(() => (left = true));
    await settle();
    expect(left).toBe(false);
    gate.resolve();
    await leaving;
  });

  it("T5: a loop that throws is a client that left", async () => {
    const { input, calls } = watchedTurn();
    const read = async (): Promise<void> => {
      for await (const event of runTurn(input)) if (event.type !== STARTED) throw new Error("the page crashed");
    };
    await expect(read()).rejects.toThrow("the page crashed");
    expect(calls.at(-1)).toBe("flush");
  });

  it("T5: a body that is cancelled twice, or after its end, hurts nobody", async () => {
    const { input, calls } = watchedTurn({ onDisconnect: "cancel" });
    const { body, finished } = handleChatTurn(input);
    const reader = body.getReader();
    while (!(await reader.read()).done);
    reader.releaseLock();
    await body.cancel();
    await body.cancel();
    expect((await finished).status).toBe("completed");
    expect(calls.length).toBe(4);
  });

  it("T5: onEvent sees events that no client reads any more", async () => {
    const { input, seen } = watchedTurn();
    const { body, finished } = handleChatTurn(input);
    await body.cancel();
    await finished;
    expect(seen).toEqual([STARTED, ...words.map(() => "message.part.updated"), COMPLETED]);
  });
};

export default suite;
