import { createDeferred } from "../../src/internal/deferred.ts";
import type { JobToken, OwnerErrorCode } from "../../src/script/index.ts";
import { createRuntimeOwner, isOwnerError } from "../../src/script/index.ts";
import type { TestApi } from "../support/test-api.ts";
import { manualClock } from "./manual-clock.ts";

export default function ownerShutdown({ describe, it, expect }: TestApi): void {
  describe("runtime owner: shutdown (V5)", () => {
    it("settles what is queued with closed, lets running work end, and accepts nothing after", async () => {
      const owner = createRuntimeOwner({ observe: () => {} });
      const gate = createDeferred<string>();
      const started = createDeferred<void>();
      let queuedRan = false;
      const running = owner.call("running", () => (started.resolve(), gate.promise));
      await started.promise;
      const queued = code(owner.call("queued", () => (queuedRan = true)));
      const down = owner.shutdown();
      expect(owner.isClosed()).toBe(true);
      expect(owner.stats().state).toBe("stopping");
      expect(await queued).toBe("closed");
      expect(await code(owner.call("new", () => 1))).toBe("closed");
      expect(owner.post("new", () => 1)).toBe(false);
      gate.resolve("finished");
      expect(await running).toBe("finished");
      await down;
      expect(owner.stats().state).toBe("stopped");
      expect(await code(owner.call("later", () => 1))).toBe("closed");
      expect(queuedRan).toBe(false);
    });

    it("is one shutdown however often it is called", async () => {
      let disposed = 0;
      const owner = createRuntimeOwner({ dispose: () => void (disposed += 1) });
      await owner.call("job", () => 1);
      const first = owner.shutdown();
      expect(owner.shutdown({ graceMs: 0 })).toBe(first);
      await first;
      await owner.shutdown();
      expect(disposed).toBe(1);
    });

    it("fires the signals of running work when the grace period is over, and answers closed", async () => {
      const clock = manualClock();
      const owner = createRuntimeOwner({ clock });
      const started = createDeferred<AbortSignal>();
      const stuck = code(owner.call("stuck", ({ signal }) => (started.resolve(signal), new Promise(() => {}))));
      const signal = await started.promise;
      const down = owner.shutdown({ graceMs: 1_000 });
      while (clock.pending() === 0) await Promise.resolve();
      clock.advance(999);
      await Promise.resolve();
      expect(signal.aborted).toBe(false);
      clock.advance(1);
      await down;
      expect(signal.aborted).toBe(true);
      expect(await stuck).toBe("closed");
    });

    it("refuses re-entrant work of the job that shuts down, and lets that job end", async () => {
      const owner = createRuntimeOwner();
      const order: string[] = [];
      let down: Promise<void> | undefined;
      let inner: Promise<OwnerErrorCode> | undefined;
      const outer = owner.call("outer", ({ token }: { token: JobToken }) => {
        down = owner.shutdown();
        inner = code(owner.call("inner", () => order.push("inner"), { token }));
        order.push("outer ends");
        return "outer";
      });
      expect(await outer).toBe("outer");
      expect(await inner).toBe("closed");
      await down;
      expect(order).toEqual(["outer ends"]);
    });

    it("shuts down before anything ran, with a first job waiting", async () => {
      const owner = createRuntimeOwner();
      expect(owner.stats().state).toBe("created");
      const waiting = code(owner.call("first", () => 1));
      await owner.shutdown();
      expect(await waiting).toBe("closed");
      await createRuntimeOwner().shutdown();
    });

    it("shuts down during start: waits for it, runs nothing, disposes once", async () => {
      const starting = createDeferred<void>();
      const order: string[] = [];
      const owner = createRuntimeOwner({
        start: async () => {
          await starting.promise;
          order.push("started");
        },
        dispose: () => void order.push("disposed"),
      });
      const waiting = code(owner.call("first", () => order.push("ran")));
      const down = owner.shutdown();
      expect(await waiting).toBe("closed");
      starting.resolve();
      await down;
      expect(order).toEqual(["started", "disposed"]);
    });

    it("holds jobs until the start is done; one that fails refuses them, and the next call starts again", async () => {
      let attempts = 0;
      const owner = createRuntimeOwner({
        start: async () => {
          attempts += 1;
          await Promise.resolve();
          if (attempts === 1) throw new Error("no memory");
        },
      });
      expect(await code(owner.call("first", () => 1))).toBe("schedule-rejected");
      expect(owner.stats().state).toBe("created");
      expect(await owner.call("second", () => 2)).toBe(2);
      expect(attempts).toBe(2);
    });

    it("reports idle only when nothing waits and no promise is pending", async () => {
      const owner = createRuntimeOwner();
      await owner.waitIdle();
      const gate = createDeferred<void>();
      let idle = false;
      void owner.call("job", () => gate.promise);
      const waiting = owner.waitIdle().then(() => (idle = true));
      await owner.call("other", () => 1);
      expect(idle).toBe(false);
      gate.resolve();
      await waiting;
      expect(idle).toBe(true);
    });

    it("gives up waiting for idle when told to", async () => {
      const owner = createRuntimeOwner();
      const abort = new AbortController();
      const gate = createDeferred<void>();
      const job = owner.call("job", () => gate.promise);
      const waiting = code(owner.waitIdle({ signal: abort.signal }));
      abort.abort();
      expect(await waiting).toBe("canceled");
      gate.resolve();
      await job;
    });
  });
}

async function code(promise: Promise<unknown>): Promise<OwnerErrorCode> {
  try {
    await promise;
  } catch (error) {
    if (isOwnerError(error)) return error.code;
    throw error;
  }
  throw new Error("Expected a failure");
}
