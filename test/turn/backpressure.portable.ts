import type { TurnEvent, TurnProducer } from "../../src/index.ts";
import { handleChatTurn, runTurn, textDelta } from "../../src/index.ts";
import { COMPLETED, producerOf, STARTED, turnOf } from "../support/play-turn.ts";
import type { PortableSuite } from "../support/test-api.ts";
import { settle } from "../support/virtual-clock.ts";

const COUNT = 2000;
const event: TurnEvent = textDelta("x".repeat(100));
const lineBytes = JSON.stringify(event).length + 1;
const maxBufferedBytes = 10_000;
/** As many events as fit, the one that tips it over, and a few that the reader holds in its hands. */
const mostAhead = Math.ceil(maxBufferedBytes / lineBytes) + 4;

interface Counted {
  readonly produce: () => TurnProducer;
  yielded: number;
}

function countingProducer(): Counted {
  const counted: Counted = {
    yielded: 0,
    produce: () => {
      function* events(): Generator<TurnEvent> {
        for (; counted.yielded < COUNT; counted.yielded++) yield event;
      }
      return producerOf(events());
    },
  };
  return counted;
}

const suite: PortableSuite = ({ describe, it, expect }) => {
  describe("handleChatTurn", () => {
    it("T7: with nobody reading, the producer waits at the bound, and goes on with the reader", async () => {
      const counted = countingProducer();
      const { body, finished } = handleChatTurn(turnOf(counted, { maxBufferedBytes }));
      await settle();
      expect(counted.yielded).toBeGreaterThan(mostAhead / 2);
      expect(counted.yielded).toBeLessThanOrEqual(mostAhead);

      const reader = body.getReader();
      let read = (await reader.read()).value?.length ?? 0;
      await settle();
      expect(counted.yielded).toBeLessThanOrEqual(mostAhead + read / lineBytes);
      // Stops a second time, in the middle.
      while (read < (COUNT / 2) * lineBytes) read += (await reader.read()).value?.length ?? 0;
      await settle();
      expect(counted.yielded).toBeLessThanOrEqual(mostAhead + read / lineBytes);
      expect(counted.yielded).toBeLessThan(COUNT);

      for (let next = await reader.read(); !next.done; next = await reader.read()) read += next.value.length;
      expect((await finished).status).toBe("completed");
      expect(counted.yielded).toBe(COUNT);
      expect(read).toBeGreaterThan(COUNT * lineBytes);
    });

    it("T7: the bound holds whatever is kept as text and whatever as bytes", async () => {
      for (const bound of [1, 5_000, 20_000, 50_000, 100_000]) {
        const counted = countingProducer();
        const { body } = handleChatTurn(turnOf(counted, { maxBufferedBytes: bound }));
        await settle();
        expect(counted.yielded).toBeLessThanOrEqual(Math.ceil(bound / lineBytes) + 4);
        expect(counted.yielded).toBeGreaterThanOrEqual(Math.floor(bound / lineBytes) - 4);
        await body.cancel();
      }
    });

    it("T7: a reader that leaves while the producer waits sets it free, to run to its end", async () => {
      const counted = countingProducer();
      const { body, finished } = handleChatTurn(turnOf(counted, { maxBufferedBytes }));
      await settle();
      expect(counted.yielded).toBeLessThan(COUNT);
      await body.cancel();
      expect((await finished).persisted).toBe(true);
      expect(counted.yielded).toBe(COUNT);
    });

    it("T7: a stop reaches a turn whose producer waits for its reader, who gets all that was sent", async () => {
      const counted = countingProducer();
      const stop = new AbortController();
      const input = turnOf(counted, { maxBufferedBytes, signal: stop.signal });
      const { body, finished } = handleChatTurn(input);
      await settle();
      stop.abort("Enough");
      expect((await finished).status).toBe("cancelled");
      const lines = (await new Response(body).text()).trim().split("\n");
      expect(lines.length).toBeLessThanOrEqual(mostAhead + 2);
      expect(JSON.parse(lines.at(-1) ?? "")).toMatchObject({ type: "session.run.cancelled" });
    });

    it("T7: an event larger than the whole bound passes", async () => {
      const large = textDelta("x".repeat(50_000));
      const { body } = handleChatTurn(turnOf({ produce: () => producerOf([large, large]) }, { maxBufferedBytes: 1 }));
      expect((await new Response(body).text()).split("\n").length).toBe(5);
    });
  });

  describe("runTurn", () => {
    it("T7: a reader that stops makes the producer wait at the bound, and goes on with it", async () => {
      const counted = countingProducer();
      const turn = runTurn(turnOf(counted, { maxBufferedBytes }));
      let read = 0;
      for (const pauseAt of [1, 2, COUNT / 2]) {
        for (; read < pauseAt; read++) await turn.next();
        await settle();
        expect(counted.yielded).toBeLessThanOrEqual(mostAhead + read);
        expect(counted.yielded).toBeGreaterThan(mostAhead / 2);
      }
      for (; (await turn.next()).done !== true; read++);
      expect(counted.yielded).toBe(COUNT);
      expect(read).toBe(COUNT + 2);
    });

    it("T7: a reader that leaves while the producer waits sets it free, to run to its end", async () => {
      const counted = countingProducer();
      const turn = runTurn(turnOf(counted, { maxBufferedBytes }));
      await turn.next();
      await settle();
      expect(counted.yielded).toBeLessThan(COUNT);
      await turn.return(undefined as never);
      expect(counted.yielded).toBe(COUNT);
    });

    it("T7: a reader that is always a little behind gets everything in order", async () => {
      const numbers = Array.from({ length: 5000 }, (_, at) => textDelta(`${at}`));
      const seen: unknown[] = [];
      for await (const { type, data } of runTurn(turnOf({ produce: () => producerOf(numbers) }))) {
        if (type !== STARTED && type !== COMPLETED) seen.push(data?.["delta"]);
        if (seen.length % 50 === 0) await settle();
      }
      expect(seen).toEqual(numbers.map(({ data }) => data?.["delta"]));
    });
  });
};

export default suite;
