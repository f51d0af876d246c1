import type { TurnEvent } from "../../src/index.ts";
import { fromEvents, handleChatTurn, runTurn, textDelta } from "../../src/index.ts";
import { createDeferred, type Deferred } from "../../src/internal/deferred.ts";
import { nextTimer } from "../../src/internal/macrotask.ts";
import { producerOf, producerWith, turnOf } from "../support/play-turn.ts";
import type { PortableSuite } from "../support/test-api.ts";
import { settle } from "../support/virtual-clock.ts";

/** A producer whose events come when the test gives them. */
function givenByHand() {
  let waiting: Deferred<IteratorResult<TurnEvent>> | undefined;
  const next = (): Promise<IteratorResult<TurnEvent>> => {
    waiting = createDeferred();
    return waiting.promise;
  };
  return {
    produce: () => producerWith({ next }),
    give: (value: TurnEvent) => waiting?.resolve({ done: false, value }),
    end: () => waiting?.resolve({ done: true, value: undefined }),
  };
}

const suite: PortableSuite = ({ it, expect }) => {
  it("T7: an event that is ready alone is readable within one macrotask of being yielded", async () => {
    const hand = givenByHand();
    const { body, finished } = handleChatTurn(turnOf({ produce: hand.produce }));
    const reader = body.getReader();
    await reader.read();
    for (let at = 0; at < 20; at++) {
      let text = "";
      const reading = reader.read().then(({ value }) => (text = new TextDecoder().decode(value)));
      await settle();
      hand.give(textDelta(`${at}`));
      await nextTimer();
      expect(text, `event ${at}`).toBe(`${JSON.stringify(textDelta(`${at}`))}\n`);
      await reading;
    }
    await settle();
    hand.end();
    await reader.read();
    await finished;
  });

  it("T7: the first event is readable within one macrotask of the call", async () => {
    const { body } = handleChatTurn(turnOf({ produce: () => new Promise<never>(() => undefined) }));
    const reader = body.getReader();
    let read = false;
    void reader.read().then(() => (read = true));
    await nextTimer();
    expect(read).toBe(true);
    await reader.cancel();
  });

  it("T7: an event of a runTurn is there within one macrotask of being yielded", async () => {
    const hand = givenByHand();
    const turn = runTurn(turnOf({ produce: hand.produce }));
    await turn.next();
    for (let at = 0; at < 5; at++) {
      let seen: unknown;
      void turn.next().then(({ value }) => (seen = value));
      await settle();
      hand.give(textDelta(`${at}`));
      await nextTimer();
      expect(seen).toEqual(textDelta(`${at}`));
    }
    const leaving = turn.return(undefined as never);
    hand.end();
    await leaving;
  });

  it("T7: events that are ready at once share chunks", async () => {
    const events = Array.from({ length: 5000 }, (_, at) => textDelta(`word ${at} `));
    const { body } = handleChatTurn(turnOf({ produce: () => fromEvents(producerOf(events).stream) }));
    const reader = body.getReader();
    const utf8 = new TextDecoder();
    let chunks = 0;
    let text = "";
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      chunks++;
      text += utf8.decode(next.value, { stream: true });
    }
    expect(text.trim().split("\n").length).toBe(events.length + 2);
    expect(chunks).toBeLessThan(text.length / 8192);
  });

  it("T7: a producer that never waits leaves timers and stops their turn", async () => {
    const stop = new AbortController();
    const endless = { next: () => ({ done: false, value: { type: "tick" } }) };
    const turn = handleChatTurn(turnOf({ produce: () => producerWith(endless) }, { signal: stop.signal }));
    // With nobody there it is not made to wait.
    await turn.body.cancel();
    setTimeout(() => stop.abort("Enough"), 0);
    expect((await turn.finished).status).toBe("cancelled");
  });
};

export default suite;
