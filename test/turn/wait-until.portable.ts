import { handleChatTurn } from "../../src/index.ts";
import { createDeferred } from "../../src/internal/deferred.ts";
import { COMPLETED, play, turnOf, typesOf, ways } from "../support/play-turn.ts";
import type { PortableSuite } from "../support/test-api.ts";
import { settle } from "../support/virtual-clock.ts";

/** Like a platform's context: its method refuses to be called on anything else. */
class PlatformContext {
  readonly #given: Promise<unknown>[] = [];
  waitUntil(promise: Promise<unknown>): void {
    this.#given.push(promise);
  }
  get given(): number {
    return this.#given.length;
  }
}

const suite: PortableSuite = ({ describe, it, expect }) => {
  for (const way of ways) {
    describe(way, () => {
      it("T5: waitUntil is handed the whole turn, once, its flush included", async () => {
        const gate = createDeferred<void>();
        const given: Promise<unknown>[] = [];
        const input = turnOf({ traceFlush: () => gate.promise }, { waitUntil: (promise) => void given.push(promise) });
        const played = play(way, input);
        await settle();
        expect(given.length).toBe(1);
        let over = false;
        void given[0]?.then(() => (over = true));
        await settle();
        expect(over).toBe(false);
        gate.resolve();
        const { outcome } = await played;
        expect(await given[0]).toEqual(outcome);
      });

      it("T5: the promise that waitUntil gets never rejects", async () => {
        const given: Promise<unknown>[] = [];
        const produce = (): never => {
          throw new Error("no model");
        };
        await play(way, turnOf({ produce }, { waitUntil: (promise) => void given.push(promise) }));
        expect(await given[0]).toMatchObject({ status: "failed" });
      });

      it("T2: a waitUntil that was taken off its object is logged, and the turn goes on", async () => {
        const context = new PlatformContext();
        const bound = turnOf({}, { waitUntil: (promise) => context.waitUntil(promise) });
        await play(way, bound);
        expect(context.given).toBe(1);
        expect(bound.logs).toEqual([]);

        const unbound = turnOf(
          {},
          { waitUntil: Reflect.get(context, "waitUntil") as (promise: Promise<unknown>) => void },
        );
        const { events, outcome } = await play(way, unbound);
        expect(typesOf(events).at(-1)).toBe(COMPLETED);
        expect(outcome.persisted).toBe(true);
        expect(unbound.logs.map(({ message }) => message)).toEqual(["waitUntil failed"]);
        expect(unbound.logs[0]?.meta["error"]).toBeInstanceOf(TypeError);
      });

      it("T2: a waitUntil that rejects is logged, and the turn goes on", async () => {
        const waitUntil = (): Promise<never> => Promise.reject(new Error("no time left"));
        const input = turnOf({}, { waitUntil: waitUntil as () => never });
        expect((await play(way, input)).outcome.persisted).toBe(true);
        await settle();
        expect(input.logs.length).toBe(1);
      });
    });
  }

  it("T5: handleChatTurn hands the turn over before it returns", () => {
    let given = 0;
    const { body } = handleChatTurn(turnOf({}, { waitUntil: () => void given++ }));
    expect(given).toBe(1);
    return body.cancel();
  });
};

export default suite;
