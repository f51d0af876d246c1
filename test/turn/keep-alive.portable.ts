import type { TurnEvent } from "../../src/index.ts";
import { handleChatTurn, runTurn, textDelta } from "../../src/index.ts";
import { createDeferred } from "../../src/internal/deferred.ts";
import {
  COMPLETED,
  never,
  playAndLeave,
  producerOf,
  producerWith,
  start,
  STARTED,
  turnOf,
  typesOf,
  ways,
} from "../support/play-turn.ts";
import type { PortableSuite } from "../support/test-api.ts";
import { createVirtualClock, settle, type VirtualClock } from "../support/virtual-clock.ts";

const HEARTBEAT = "session.run.heartbeat";
const TEXT = "message.part.updated";

/** A producer that yields one event at each of these times, and then is done. */
function timedProducer(clock: VirtualClock, times: readonly number[]) {
  let at = 0;
  const begin = clock.now();
  const next = (): Promise<IteratorResult<TurnEvent>> =>
    new Promise((resolve) => {
      const time = times[at++];
      const value = textDelta(`${time}`);
      if (time === undefined) resolve({ done: true, value: undefined });
      else clock.after(begin + time - clock.now(), () => resolve({ done: false, value }));
    });
  return producerWith({ next });
}

const suite: PortableSuite = ({ describe, it, expect }) => {
  for (const way of ways) {
    describe(way, () => {
      it("T1: a heartbeat comes after exactly so long a silence, and each event begins it anew", async () => {
        const clock = createVirtualClock();
        const begin = clock.now();
        const seen: string[] = [];
        const input = turnOf(
          {
            produce: () => timedProducer(clock, [50, 149, 420]),
            onEvent: ({ type }) => void seen.push(`${type} ${clock.now() - begin}`),
          },
          { clock, keepAliveMs: 100 },
        );
        const running = start(way, input);
        await clock.advance(420);
        const { events } = await running.ended;
        expect(seen).toEqual([
          `${STARTED} 0`,
          `${TEXT} 50`,
          `${TEXT} 149`,
          `${HEARTBEAT} 249`,
          `${HEARTBEAT} 349`,
          `${TEXT} 420`,
          `${COMPLETED} 420`,
        ]);
        // onEvent saw what the client read, heartbeats and all.
        expect(typesOf(events)).toEqual(seen.map((line) => line.split(" ")[0] ?? ""));
        expect(events[3]).toStrictEqual({ type: HEARTBEAT, data: {} });
        expect(clock.pending).toBe(0);
      });

      it("T1: heartbeats come while produce is pending and while hooks of settle run, and none after the terminal", async () => {
        const clock = createVirtualClock();
        const wait = (ms: number) => new Promise<void>((resolve) => void clock.after(ms, resolve));
        const input = turnOf(
          {
            produce: async () => (await wait(150), producerOf([])),
            persistAssistantMessage: () => wait(150),
            onTurnEnd: () => wait(150),
            traceFlush: () => wait(1000),
          },
          { clock, keepAliveMs: 100 },
        );
        const running = start(way, input);
        await clock.advance(460);
        expect(typesOf(running.events)).toEqual([STARTED, HEARTBEAT, HEARTBEAT, HEARTBEAT, HEARTBEAT, COMPLETED]);
        await clock.advance(1000);
        expect((await running.ended).events.length).toBe(6);
      });

      it("T1: heartbeats go on when the clock is set back in the middle of a silence", async () => {
        const time = createVirtualClock();
        let setBackMs = 0;
        const clock = { ...time, now: () => time.now() - setBackMs };
        const stop = new AbortController();
        const input = turnOf(
          { produce: () => producerWith({ next: never }) },
          { clock, keepAliveMs: 100, signal: stop.signal },
        );
        const running = start(way, input);
        await time.advance(150);
        setBackMs = 3_600_000;
        // The silence that was under way is begun anew.
        await time.advance(350);
        expect(typesOf(running.events)).toEqual([STARTED, ...Array<string>(4).fill(HEARTBEAT)]);
        stop.abort();
        await running.ended;
      });

      it("T1: without keepAliveMs no time passes", async () => {
        const clock = createVirtualClock();
        const stop = new AbortController();
        const input = turnOf({ produce: () => producerWith({ next: never }) }, { clock, signal: stop.signal });
        const running = start(way, input);
        await settle();
        expect(clock.pending).toBe(0);
        await clock.advance(1e7);
        stop.abort();
        expect((await running.ended).events.length).toBe(2);
      });

      it("T5: heartbeats go on when the client left, and end with the turn", async () => {
        const clock = createVirtualClock();
        const gate = createDeferred<void>();
        let beats = 0;
        const hooks = {
          persistAssistantMessage: () => gate.promise,
          onEvent: ({ type }: TurnEvent) => void (type === HEARTBEAT && beats++),
        };
        const left = playAndLeave(way, turnOf(hooks, { clock, keepAliveMs: 100 }), 1);
        await clock.advance(250);
        expect(beats).toBe(2);
        gate.resolve();
        await left;
        expect(clock.pending).toBe(0);
      });
    });
  }

  it("T7: a body whose reader has fallen behind gets no heartbeats on top", async () => {
    const clock = createVirtualClock();
    const produce = () => producerOf(Array.from({ length: 100 }, () => textDelta("x".repeat(100))));
    const input = turnOf({ produce }, { clock, keepAliveMs: 100, maxBufferedBytes: 1000 });
    const { body } = handleChatTurn(input);
    await clock.advance(10_000);
    expect(await new Response(body).text()).not.toMatch(HEARTBEAT);
  });

  it("T7: a runTurn whose reader has fallen behind gets no heartbeats on top", async () => {
    const clock = createVirtualClock();
    const produce = () => producerOf(Array.from({ length: 100 }, () => textDelta("x".repeat(100))));
    const turn = runTurn(turnOf({ produce }, { clock, keepAliveMs: 100, maxBufferedBytes: 1000 }));
    await turn.next();
    await clock.advance(10_000);
    const types: string[] = [];
    for await (const { type } of turn) types.push(type);
    expect(types.length).toBe(101);
    expect(types.includes(HEARTBEAT)).toBe(false);
  });
};

export default suite;
