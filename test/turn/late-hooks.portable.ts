import { COMPLETED, FAILED, never, producerOf, start, turnOf, typesOf, ways } from "../support/play-turn.ts";
import type { PortableSuite } from "../support/test-api.ts";
import { createDeferred } from "../../src/internal/deferred.ts";
import { createVirtualClock, settle } from "../support/virtual-clock.ts";

const harmless = ["onTurnComplete", "onTurnEnd", "traceFlush", "onEvent"] as const;
const fatal = ["transformFinalText", "persistAssistantMessage"] as const;

const suite: PortableSuite = ({ describe, it, expect }) => {
  for (const way of ways) {
    describe(way, () => {
      for (const name of harmless) {
        it(`T4: ${name} that never returns holds the turn for hookTimeoutMs, is logged and changes nothing`, async () => {
          const clock = createVirtualClock();
          const input = turnOf({ [name]: never }, { clock, hookTimeoutMs: 500 });
          const running = start(way, input);
          let ended = false;
          void running.ended.then(() => (ended = true));
          await clock.advance(499);
          expect(ended).toBe(false);
          await clock.advance(1);
          const { events, outcome } = await running.ended;
          expect(typesOf(events).at(-1)).toBe(COMPLETED);
          expect(outcome.status).toBe("completed");
          expect(input.logs.map(({ message }) => message)).toEqual([`${name} failed`]);
          expect(input.logs[0]?.meta["error"]).toMatchObject({ code: "hook-timeout" });
          expect(clock.pending).toBe(0);
        });
      }

      for (const name of fatal) {
        it(`T4: ${name} that never returns fails the turn with hook-timeout`, async () => {
          const clock = createVirtualClock();
          let completed = 0;
          const running = start(way, turnOf({ [name]: never, onTurnComplete: () => void completed++ }, { clock }));
          await clock.advance(29_999);
          expect(typesOf(running.events).length).toBe(2);
          await clock.advance(1);
          const { events, outcome } = await running.ended;
          const failure = { message: `${name} did not finish within 30000 ms`, code: "hook-timeout" };
          expect(outcome).toMatchObject({ status: "failed", persisted: false, failure });
          expect(events.at(-1)).toStrictEqual({ type: FAILED, data: { sessionId: "thread-1", ...failure } });
          expect(completed).toBe(0);
        });
      }

      it("T4: a persist that succeeds after its time is logged, and the turn stays failed", async () => {
        const clock = createVirtualClock();
        const gate = createDeferred<void>();
        const input = turnOf({ persistAssistantMessage: () => gate.promise }, { clock, hookTimeoutMs: 100 });
        const running = start(way, input);
        await clock.advance(100);
        const { outcome } = await running.ended;
        expect(outcome.failure?.code).toBe("hook-timeout");
        gate.resolve();
        await settle();
        expect(input.logs.map(({ message }) => message)).toEqual([
          "persistAssistantMessage failed",
          "persistAssistantMessage finished after its time was up",
        ]);
      });

      it("T4: a hook that fails after its time is logged too", async () => {
        const clock = createVirtualClock();
        const gate = createDeferred<void>();
        const input = turnOf({ onTurnEnd: () => gate.promise }, { clock, hookTimeoutMs: 100 });
        const running = start(way, input);
        await clock.advance(100);
        await running.ended;
        gate.reject(new Error("too late anyway"));
        await settle();
        expect(input.logs.at(-1)?.message).toBe("onTurnEnd failed after its time was up");
      });

      it("T4: a hook just in time is in time, and leaves no timer behind", async () => {
        const clock = createVirtualClock();
        const input = turnOf(
          { persistAssistantMessage: () => new Promise((resolve) => void clock.after(99, resolve)) },
          { clock, hookTimeoutMs: 100 },
        );
        const running = start(way, input);
        await clock.advance(99);
        expect((await running.ended).outcome.persisted).toBe(true);
        expect(clock.pending).toBe(0);
        expect(input.logs).toEqual([]);
      });

      it("T4: each hook has hookTimeoutMs for itself", async () => {
        const clock = createVirtualClock();
        const slowly = (): Promise<void> => new Promise((resolve) => void clock.after(80, resolve));
        const hooks = {
          persistAssistantMessage: slowly,
          onTurnComplete: slowly,
          onTurnEnd: slowly,
          traceFlush: slowly,
        };
        const input = turnOf(hooks, { clock, hookTimeoutMs: 100 });
        const running = start(way, input);
        await clock.advance(320);
        expect((await running.ended).outcome.status).toBe("completed");
        expect(input.logs).toEqual([]);
      });

      it("T4: produce has no time limit, and Infinity lifts that of the others", async () => {
        const clock = createVirtualClock();
        const wait = (): Promise<void> => new Promise((resolve) => void clock.after(1e9, resolve));
        const produce = async () => (await wait(), producerOf([]));
        const running = start(
          way,
          turnOf({ produce, persistAssistantMessage: wait }, { clock, hookTimeoutMs: Infinity }),
        );
        await clock.advance(2e9);
        expect((await running.ended).outcome.status).toBe("completed");
      });
    });
  }
};

export default suite;
