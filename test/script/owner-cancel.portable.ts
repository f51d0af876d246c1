import { createDeferred } from "../../src/internal/deferred.ts";
import type { JobToken, OwnerError } from "../../src/script/index.ts";
import { createRuntimeOwner, isOwnerError } from "../../src/script/index.ts";
import type { TestApi } from "../support/test-api.ts";

export default function ownerCancel({ describe, it, expect }: TestApi): void {
  describe("runtime owner: cancel (V3)", () => {
    it("never runs a call that was canceled while it waited, and answers its caller at once", async () => {
      const owner = createRuntimeOwner();
      const abort = new AbortController();
      let ran = false;
      let settledBeforeTurn = false;
      const first = owner.call("first", () => undefined);
      const call = owner.call("queued", () => (ran = true), { signal: abort.signal });
      abort.abort(new Error("changed my mind"));
      const error = await failure(call.finally(() => (settledBeforeTurn = true)));
      expect(error.code).toBe("canceled");
      expect((error.cause as Error).message).toBe("changed my mind");
      expect(settledBeforeTurn).toBe(true);
      await first;
      await owner.waitIdle();
      expect(ran).toBe(false);
      expect(owner.stats().operations["queued"]).toMatchObject({ started: 0, canceled: 1 });
    });

    it("abandons a running call at once, tells the job, and drops its result", async () => {
      const owner = createRuntimeOwner();
      const abort = new AbortController();
      const gate = createDeferred<string>();
      const started = createDeferred<AbortSignal>();
      let finished = false;
      const call = owner.call(
        "running",
        async ({ signal }) => {
          started.resolve(signal);
          const value = await gate.promise;
          finished = true;
          return value;
        },
        { signal: abort.signal },
      );
      const signal = await started.promise;
      abort.abort("stop");
      expect((await failure(call)).code).toBe("canceled");
      expect(signal.aborted).toBe(true);
      expect(signal.reason).toBe("stop");
      expect(finished).toBe(false);
      gate.resolve("too late");
      await owner.waitIdle();
      expect(finished).toBe(true);
    });

    it("shows the abort to a job that first looks at its signal afterwards", async () => {
      const owner = createRuntimeOwner();
      const abort = new AbortController();
      const gate = createDeferred<void>();
      const seen = createDeferred<boolean>();
      const started = createDeferred<void>();
      const call = failure(
        owner.call(
          "job",
          async (context) => {
            started.resolve();
            await gate.promise;
            seen.resolve(context.signal.aborted);
          },
          { signal: abort.signal },
        ),
      );
      await started.promise;
      abort.abort();
      gate.resolve();
      expect(await seen.promise).toBe(true);
      expect((await call).code).toBe("canceled");
    });

    it("lets a job cancel its own caller", async () => {
      const owner = createRuntimeOwner();
      const abort = new AbortController();
      const call = owner.call("self", () => abort.abort("me"), { signal: abort.signal });
      expect((await failure(call)).cause).toBe("me");
      expect(await owner.call("next", () => 1)).toBe(1);
    });

    it("forgets thousands of canceled calls without running or keeping them", async () => {
      const owner = createRuntimeOwner({ maxQueue: 10 });
      let ran = 0;
      for (let i = 0; i < 5_000; i++) {
        const abort = new AbortController();
        const call = owner.call("job", () => (ran += 1), { signal: abort.signal });
        abort.abort();
        await failure(call);
      }
      expect(await owner.call("last", () => "last")).toBe("last");
      expect(ran).toBe(0);
    });
  });

  describe("runtime owner: re-entry (V4)", () => {
    it("runs a call and a post inline by the token of the job on the stack", async () => {
      const owner = createRuntimeOwner();
      const order: string[] = [];
      const inner: Promise<unknown>[] = [];
      const outer = owner.call("outer", ({ token }) => {
        order.push("outer starts");
        inner.push(owner.call("inner", () => order.push("inner call"), { token }));
        owner.post("inner", () => order.push("inner post"), { token });
        order.push("outer ends");
      });
      const other = owner.call("other", () => order.push("other"));
      await Promise.all([outer, other]);
      await Promise.all(inner);
      expect(order).toEqual(["outer starts", "inner call", "inner post", "outer ends", "other"]);
    });

    it("keeps the outer token valid inside inner jobs, and an inner one invalid after them", async () => {
      const owner = createRuntimeOwner();
      const order: string[] = [];
      let leaked: JobToken | undefined;
      await owner.call("outer", ({ token }) => {
        void owner.call(
          "inner",
          (inner) => {
            leaked = inner.token;
            void owner.call("deep", () => order.push("deep"), { token });
          },
          { token },
        );
        void owner.call("late", () => order.push("late"), leaked === undefined ? {} : { token: leaked });
        order.push("outer ends");
      });
      await owner.waitIdle();
      expect(order).toEqual(["deep", "outer ends", "late"]);
    });

    it("schedules by a token whose job has ended", async () => {
      const owner = createRuntimeOwner();
      const token = await owner.call("job", (context) => context.token);
      const order: string[] = [];
      const call = owner.call("late", () => order.push("ran"), { token });
      order.push("after call");
      await call;
      expect(order).toEqual(["after call", "ran"]);
    });

    it("schedules by a token used from another job", async () => {
      const owner = createRuntimeOwner();
      const gate = createDeferred<void>();
      const leaked = createDeferred<JobToken>();
      const order: string[] = [];
      const first = owner.call("first", ({ token }) => (leaked.resolve(token), gate.promise));
      const token = await leaked.promise;
      await owner.call("second", () => {
        void owner.call("by leaked token", () => order.push("scheduled"), { token });
        order.push("second ends");
      });
      gate.resolve();
      await first;
      await owner.waitIdle();
      expect(order).toEqual(["second ends", "scheduled"]);
    });

    it("schedules after an await, and does not deadlock when the job awaits it", async () => {
      const owner = createRuntimeOwner();
      const order: string[] = [];
      const result = owner.call("outer", async ({ token }) => {
        await Promise.resolve();
        const call = owner.call("inner", () => (order.push("inner"), "value"), { token });
        order.push("called");
        return await call;
      });
      expect(await result).toBe("value");
      expect(order).toEqual(["called", "inner"]);
    });

    it("schedules by a token of another owner", async () => {
      const one = createRuntimeOwner();
      const two = createRuntimeOwner();
      const order: string[] = [];
      const inner: Promise<unknown>[] = [];
      await one.call("outer", ({ token }) => {
        inner.push(two.call("other owner", () => order.push("two"), { token }));
        order.push("one ends");
      });
      await Promise.all(inner);
      expect(order).toEqual(["one ends", "two"]);
    });

    it("answers an inline call that throws without ending the outer job", async () => {
      const owner = createRuntimeOwner();
      let inner: Promise<OwnerError> | undefined;
      const outer = await owner.call("outer", ({ token }) => {
        inner = failure(
          owner.call(
            "inner",
            () => {
              throw new Error("inner");
            },
            { token },
          ),
        );
        return "outer";
      });
      expect(outer).toBe("outer");
      expect(await inner).toMatchObject({ code: "panicked", op: "inner" });
    });
  });
}

async function failure(promise: Promise<unknown>): Promise<OwnerError> {
  try {
    await promise;
  } catch (error) {
    if (isOwnerError(error)) return error;
    throw error;
  }
  throw new Error("Expected a failure");
}
