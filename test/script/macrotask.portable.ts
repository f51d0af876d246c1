import { nextMacrotask } from "../../src/internal/macrotask.ts";
import type { TestApi } from "../support/test-api.ts";

// What the owner's pauses are made of.
export default function macrotask({ describe, it, expect }: TestApi): void {
  describe("the next macrotask", () => {
    it("comes after timers that are due, sooner or later", async () => {
      let fired = false;
      setTimeout(() => (fired = true), 0);
      let turns = 0;
      while (!fired && turns < 100_000) {
        await nextMacrotask();
        turns += 1;
      }
      expect(fired).toBe(true);
    });

    it("comes after all microtasks", async () => {
      let steps = 0;
      const next = nextMacrotask();
      void (async () => {
        for (; steps < 10_000; steps++) await Promise.resolve();
      })();
      await next;
      expect(steps).toBe(10_000);
    });

    // workerd ends with a segmentation fault where one end of a message channel is collected before the other is closed.
    it("outlives the garbage collector", async () => {
      const kept: unknown[] = [];
      for (let round = 0; round < 4_000; round++) {
        const pauses = Array.from({ length: 10 }, nextMacrotask);
        kept[round % 400] = Array.from({ length: 3_000 }, () => ({ a: [] }));
        await Promise.all(pauses);
      }
      expect(kept.length).toBe(400);
    });
  });
}
