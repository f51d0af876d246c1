// oxlint-disable unicorn/no-thenable -- misbehaving thenables are what is tested here
import type { TurnEvent } from "../../src/index.ts";
import { textDelta } from "../../src/index.ts";
import { createDeferred } from "../../src/internal/deferred.ts";
import { COMPLETED, FAILED, never, play, producerOf, start, turnOf, typesOf, ways } from "../support/play-turn.ts";
import type { PortableSuite } from "../support/test-api.ts";
import { createVirtualClock, settle } from "../support/virtual-clock.ts";

const suite: PortableSuite = ({ describe, it, expect }) => {
  for (const way of ways) {
    describe(way, () => {
      it("T3: onEvent sees just what the client reads, in order", async () => {
        const yielded: TurnEvent[] = [
          textDelta("a"),
          { type: "session.run.started" },
          { type: "status", data: { count: 1n } },
          { type: "approval.requested", id: "7", data: { approvalId: "a" } },
          { type: FAILED, data: { message: "no model" } },
          textDelta("b"),
        ];
        const seen: TurnEvent[] = [];
        const onEvent = (event: TurnEvent): void => void seen.push(event);
        const { events } = await play(way, turnOf({ produce: () => producerOf(yielded), onEvent }));
        expect(seen).toStrictEqual(events);
        expect(seen.length).toBe(7);
      });

      it("T3: a promise that onEvent returns delays no event, and is waited for before the flush", async () => {
        const gate = createDeferred<void>();
        let flushed = false;
        const hooks = { onEvent: () => gate.promise, traceFlush: () => void (flushed = true) };
        const running = start(way, turnOf(hooks));
        await settle();
        expect(typesOf(running.events).at(-1)).toBe(COMPLETED);
        expect(flushed).toBe(false);
        gate.resolve();
        await running.ended;
        expect(flushed).toBe(true);
      });

      it("T3: the flush waits for every promise of onEvent, not for the first", async () => {
        const gates = [createDeferred<void>(), createDeferred<void>(), createDeferred<void>()];
        const order: string[] = [];
        let calls = 0;
        const running = start(
          way,
          turnOf({ onEvent: () => gates[calls++]?.promise, traceFlush: () => void order.push("flush") }),
        );
        for (const gate of gates) {
          await settle();
          expect(order).toEqual([]);
          gate.resolve();
        }
        await running.ended;
        expect(order).toEqual(["flush"]);
      });

      it("T4: all that onEvent promised together has hookTimeoutMs, and what fails later is logged", async () => {
        const clock = createVirtualClock();
        const late = createDeferred<void>();
        let calls = 0;
        const onEvent = (): Promise<void> => (calls++ === 0 ? late.promise : never());
        const input = turnOf({ onEvent }, { clock, hookTimeoutMs: 100 });
        const running = start(way, input);
        await clock.advance(100);
        await running.ended;
        expect(input.logs.map(({ message }) => message)).toEqual(["onEvent failed"]);
        expect(input.logs[0]?.meta["error"]).toMatchObject({ code: "hook-timeout" });
        late.reject(new Error("too late"));
        await settle();
        expect(input.logs.at(-1)).toMatchObject({ message: "onEvent failed", meta: { error: new Error("too late") } });
      });

      it("T4: a thenable that misbehaves holds nothing up", async () => {
        const thenables: readonly object[] = [
          { then: (done: () => void) => (done(), done()) },
          {
            then() {
              throw new Error("no then");
            },
          },
          {
            get then() {
              throw new Error("no getter");
            },
          },
        ];
        for (const thenable of thenables) {
          const clock = createVirtualClock();
          const input = turnOf({ onEvent: () => thenable as Promise<void> }, { clock });
          const { outcome } = await play(way, input);
          expect(outcome.status).toBe("completed");
          expect(clock.pending).toBe(0);
        }
      });

      it("T3: usual results that are no promise are taken as they are", async () => {
        for (const result of [null, 0, "text", {}, { then: 5 }]) {
          const input = turnOf({ onEvent: () => result as unknown as undefined });
          expect((await play(way, input)).outcome.status).toBe("completed");
          expect(input.logs).toEqual([]);
        }
      });
    });
  }
};

export default suite;
