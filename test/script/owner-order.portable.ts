import { createRuntimeOwner } from "../../src/script/index.ts";
import { createDeferred } from "../../src/internal/deferred.ts";
import type { TestApi } from "../support/test-api.ts";

export default function ownerOrder({ describe, it, expect }: TestApi): void {
  describe("runtime owner: order (V1)", () => {
    it("starts 1,000 concurrent calls and posts in the order in which they came", async () => {
      const owner = createRuntimeOwner();
      const order: number[] = [];
      const calls: Promise<unknown>[] = [];
      for (let i = 0; i < 1_000; i++) {
        if (i % 3 === 0) owner.post("post", () => order.push(i));
        else calls.push(owner.call("call", () => order.push(i)));
      }
      await Promise.all(calls);
      await owner.waitIdle();
      expect(order).toEqual(Array.from({ length: 1_000 }, (_, i) => i));
    });

    it("runs nothing inside call itself", async () => {
      const owner = createRuntimeOwner();
      let ran = false;
      const call = owner.call("call", () => (ran = true));
      expect(ran).toBe(false);
      await call;
      expect(ran).toBe(true);
    });

    it("takes what a function does synchronously as the job: the next starts while its promise is pending", async () => {
      const owner = createRuntimeOwner();
      const gate = createDeferred<string>();
      const first = owner.call("first", () => gate.promise);
      expect(await owner.call("second", () => "second")).toBe("second");
      gate.resolve("first");
      expect(await first).toBe("first");
    });

    it("never has two jobs on the stack, and gives each the whole of its turn", async () => {
      const owner = createRuntimeOwner();
      let inside = 0;
      const jobs = Array.from({ length: 200 }, (_, i) =>
        owner.call("job", async () => {
          inside += 1;
          expect(inside).toBe(1);
          // Enqueued from inside a job, without its token: it has to wait.
          const nested = i % 10 === 0 ? owner.call("nested", () => expect(inside).toBe(0)) : undefined;
          inside -= 1;
          await nested;
        }),
      );
      await Promise.all(jobs);
    });

    it("lets timers run while callers await one call after the other without end", async () => {
      const owner = createRuntimeOwner();
      let fired = false;
      setTimeout(() => (fired = true), 0);
      let calls = 0;
      while (!fired && calls < 1_000_000) {
        await owner.call("call", () => (calls += 1));
      }
      expect(fired).toBe(true);
    });

    it("lets timers run while a long queue drains", async () => {
      const owner = createRuntimeOwner({ maxQueue: 100_000 });
      let firedAfter = -1;
      let done = 0;
      setTimeout(() => (firedAfter = done), 0);
      for (let i = 0; i < 50_000; i++) owner.post("job", () => (done += 1));
      await owner.waitIdle();
      expect(done).toBe(50_000);
      expect(firedAfter).toBeGreaterThan(0);
    });

    // On workerd each test is a request of its own, and a request that ends takes its timers with it.
    describe("shared by requests", () => {
      const owner = createRuntimeOwner();
      let done = 0;

      it("is left by one in the middle of a pause", async () => {
        for (let i = 0; i < 2_500; i++) owner.post("job", () => (done += 1));
        await Promise.resolve();
        expect(done).toBeLessThan(2_500);
      });

      it("goes on by the next, with what the first had asked for too", async () => {
        expect(await owner.call("call", () => done)).toBe(2_500);
        await owner.shutdown();
      });
    });

    for (const seed of [1, 7, 42, 1_234, 99_991]) {
      it(`keeps an unsynchronised counter right under random calls, posts, cancels and re-entry (seed ${seed})`, async () => {
        const random = mulberry32(seed);
        const owner = createRuntimeOwner({ observe: () => {} });
        let counter = 0;
        let expected = 0;
        const increment = (): void => {
          const before = counter;
          for (let spin = 0; spin < 10; spin++) Math.sqrt(spin);
          counter = before + 1;
          expected += 1;
        };
        const work: Promise<unknown>[] = [];
        for (let i = 0; i < 2_000; i++) {
          const dice = random();
          const abort = new AbortController();
          if (dice < 0.3) owner.post("post", increment);
          else if (dice < 0.5) work.push(owner.call("call", increment));
          else if (dice < 0.7) {
            work.push(
              owner.call("nest", ({ token }) => {
                increment();
                void owner.call("inner", increment, { token });
                owner.post("inner post", increment, { token });
                increment();
              }),
            );
          } else if (dice < 0.9) {
            work.push(owner.call("canceled", increment, { signal: abort.signal }).catch(() => undefined));
            if (random() < 0.5) abort.abort();
            else queueMicrotask(() => abort.abort());
          } else {
            work.push(
              owner
                .call("async", async () => {
                  increment();
                  await Promise.resolve();
                  await owner.call("after await", increment);
                })
                .catch(() => undefined),
            );
          }
          if (random() < 0.05) await Promise.resolve();
        }
        await Promise.all(work);
        await owner.waitIdle();
        expect(counter).toBe(expected);
        expect(counter).toBeGreaterThan(1_000);
      });
    }
  });
}

function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
