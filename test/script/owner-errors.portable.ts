import { createDeferred } from "../../src/internal/deferred.ts";
import { nextMacrotask } from "../../src/internal/macrotask.ts";
import type { JobReport } from "../../src/script/index.ts";
import { createRuntimeOwner, isOwnerError, OwnerError } from "../../src/script/index.ts";
import type { TestApi } from "../support/test-api.ts";
import { manualClock } from "./manual-clock.ts";

export default function ownerErrors({ describe, it, expect }: TestApi): void {
  describe("runtime owner: errors (V2)", () => {
    it("wraps what a job throws, rejects with, or throws that is no Error, and goes on", async () => {
      const owner = createRuntimeOwner({ name: "vm" });
      const thrown = new Error("boom");
      const cases: [string, () => unknown, unknown][] = [
        ["throws", () => raise(thrown), thrown],
        ["rejects", () => Promise.reject(thrown), thrown],
        ["rejects late", async () => (await Promise.resolve(), raise(thrown)), thrown],
        ["throws a string", () => raise("text"), "text"],
        ["throws null", () => raise(null), null],
        ["rejects with undefined", () => Promise.reject(undefined), undefined],
        [
          "answers what throws when asked for then",
          () => new Proxy({}, { has: () => true, get: () => raise(thrown) }),
          thrown,
        ],
      ];
      for (const [op, fn, cause] of cases) {
        const error = await failure(owner.call(op, fn));
        expect(error).toBeInstanceOf(OwnerError);
        expect(error.code).toBe("panicked");
        expect(error.op).toBe(op);
        expect(error.message).toContain(`vm: ${op}`);
        expect(error.cause).toBe(cause);
      }
      expect(await owner.call("next", () => "fine")).toBe("fine");
    });

    it("names the operation in all four errors, recognised by isOwnerError", async () => {
      const owner = createRuntimeOwner({ maxQueue: 1 });
      const panicked = await failure(owner.call("op-a", () => raise("x")));
      const canceled = await failure(owner.call("op-b", () => 1, { signal: AbortSignal.abort("why") }));
      const filler = owner.call("filler", () => 1);
      const rejected = await failure(owner.call("op-c", () => 1));
      await filler;
      await owner.shutdown();
      const closed = await failure(owner.call("op-d", () => 1));
      const found = [panicked, canceled, rejected, closed].map((error) => [error.code, error.op]);
      expect(found).toEqual([
        ["panicked", "op-a"],
        ["canceled", "op-b"],
        ["schedule-rejected", "op-c"],
        ["closed", "op-d"],
      ]);
      for (const error of [panicked, canceled, rejected, closed]) expect(error.message).toContain(error.op);
      expect(canceled.cause).toBe("why");
      expect(isOwnerError(closed, "closed")).toBe(true);
      expect(isOwnerError(closed, "canceled")).toBe(false);
      expect(isOwnerError(new Error("closed"))).toBe(false);
    });

    it("refuses work when the scheduler refuses, with its reason, and takes work again later", async () => {
      let refuses = false;
      const reports: JobReport[] = [];
      const owner = createRuntimeOwner({
        schedule: (turn) => (refuses ? raise(new Error("loop is gone")) : queueMicrotask(turn)),
        observe: (report) => reports.push(report),
      });
      expect(await owner.call("before", () => 1)).toBe(1);
      refuses = true;
      const error = await failure(owner.call("during", () => 1));
      expect(error.code).toBe("schedule-rejected");
      expect((error.cause as Error).message).toBe("loop is gone");
      expect(owner.post("posted", () => 1)).toBe(false);
      expect(reports.at(-1)).toMatchObject({ op: "posted", kind: "post", outcome: "refused" });
      refuses = false;
      expect(await owner.call("after", () => 2)).toBe(2);
    });

    it("bounds the queue by maxQueue; canceled waiters free their place", async () => {
      const owner = createRuntimeOwner({ maxQueue: 2 });
      const abort = new AbortController();
      const canceled = failure(owner.call("one", () => 1, { signal: abort.signal }));
      const two = owner.call("two", () => 2);
      const refused = failure(owner.call("three", () => 3));
      abort.abort();
      const four = owner.call("four", () => 4);
      expect((await refused).code).toBe("schedule-rejected");
      expect((await canceled).code).toBe("canceled");
      expect(await Promise.all([two, four])).toEqual([2, 4]);
    });

    it("reports what posts do wrong instead of losing it, with labels", async () => {
      const reports: JobReport[] = [];
      const owner = createRuntimeOwner({ name: "vm", observe: (report) => reports.push(report) });
      const labels = { session: "s1", inference: "i1" };
      owner.post("throws", () => raise(new Error("a")), { labels });
      owner.post("rejects", () => Promise.reject(new Error("b")), { labels });
      owner.post("works", () => 1);
      await owner.waitIdle();
      const seen = reports.map((report) => [report.op, report.outcome, (report.error?.cause as Error)?.message]);
      expect(seen).toEqual([
        ["throws", "panicked", "a"],
        ["works", "done", undefined],
        ["rejects", "failed", "b"],
      ]);
      expect(reports[0]?.labels).toEqual(labels);
      expect(reports[0]?.owner).toBe("vm");
    });

    it("survives an observe hook that throws, now or later", async () => {
      const report = console.error;
      const lines: unknown[] = [];
      console.error = (line: unknown) => lines.push(line);
      try {
        const owner = createRuntimeOwner({ name: "vm", observe: () => raise(new Error("observer")) });
        expect(await owner.call("job", () => 1)).toBe(1);
        expect(await owner.call("job", () => 2)).toBe(2);
        const late = createRuntimeOwner({
          name: "late",
          observe: (): unknown => Promise.reject(new Error("observer")),
        });
        expect(await late.call("job", () => 3)).toBe(3);
        await nextMacrotask();
      } finally {
        console.error = report;
      }
      expect(lines).toEqual([...Array(2).fill("The observe hook of vm threw"), "The observe hook of late threw"]);
    });

    it("gives up after maxWaitMs, but only for callers without a deadline of their own", async () => {
      const clock = manualClock();
      const owner = createRuntimeOwner({ maxWaitMs: 100, clock });
      const gate = createDeferred<string>();
      const impatient = failure(owner.call("impatient", () => gate.promise));
      const patient = owner.call("patient", () => gate.promise, { signal: new AbortController().signal });
      await owner.call("barrier", () => undefined);
      clock.advance(100);
      const error = await impatient;
      expect(error.code).toBe("canceled");
      expect((error.cause as Error).name).toBe("TimeoutError");
      gate.resolve("kept");
      expect(await patient).toBe("kept");
      expect(clock.pending()).toBe(0);
    });

    it("counts queue depth, times and outcomes per operation", async () => {
      const clock = manualClock();
      const owner = createRuntimeOwner({ clock, observe: () => {} });
      const slow = owner.call("slow", () => clock.advance(30));
      const waits = owner.call("waits", () => clock.advance(5));
      const given = failure(owner.call("waits", () => 1, { signal: AbortSignal.abort() }));
      owner.post("bad", () => raise("x"));
      const bad = failure(owner.call("bad", () => Promise.reject(new Error("y"))));
      expect(owner.stats().queued).toBe(4);
      await Promise.all([slow, waits, given, bad]);
      const { operations, queued, running, state } = owner.stats();
      expect([queued, running, state]).toEqual([0, 0, "running"]);
      expect(operations["slow"]).toMatchObject({ started: 1, runMs: { p50: 30, p95: 30, p99: 30 } });
      expect(operations["waits"]).toMatchObject({ started: 1, canceled: 1, waitMs: { p50: 30 }, runMs: { p50: 5 } });
      expect(operations["bad"]).toMatchObject({ started: 2, panicked: 1, failed: 1 });
    });

    it("keeps its statistics bounded whatever operations are called", async () => {
      const owner = createRuntimeOwner();
      for (let i = 0; i < 1_000; i++) await owner.call(`op ${i}`, () => i);
      const { operations } = owner.stats();
      expect(Object.keys(operations).length).toBeLessThan(300);
      expect(operations["(other)"]?.started).toBe(800);
    });

    it("refuses misused arguments at once", () => {
      const owner = createRuntimeOwner();
      expect(() => owner.call("", () => 1)).toThrow(TypeError);
      expect(() => owner.call("op", "no function" as unknown as () => void)).toThrow(TypeError);
      expect(() => createRuntimeOwner({ maxWaitMs: 0 })).toThrow(RangeError);
      expect(() => createRuntimeOwner({ maxQueue: 0 })).toThrow(RangeError);
      expect(() => owner.shutdown({ graceMs: -1 })).toThrow(RangeError);
    });
  });
}

function raise(value: unknown): never {
  throw value;
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
