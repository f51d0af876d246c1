import {
  type BehaviourSuite,
  callingEngine,
  createBench,
  later,
  never,
  rejectionOf,
  texts,
  typesOf,
  withThrowingListeners,
} from "./suite-support.ts";
import type { InferenceEvent, SessionOptions } from "../../src/inference/index.ts";

export const runSuite: BehaviourSuite = ({ describe, it, expect }, core) => {
  const { turns, engines } = core;

  describe("run handles and events", () => {
    it("tells exact listeners before those of *, in the order of on, and off takes one away", async () => {
      const { session, user } = createBench(core);
      const heard: string[] = [];
      const gone = (): void => void heard.push("gone");
      const handle = session({ engine: engines.echo({ reply: "r" }) })
        .start(user("x"))
        .on("*", ({ type }) => heard.push(`* ${type}`))
        .on("final", ({ text }) => heard.push(`1 ${text}`))
        .on("final", () => heard.push("2"))
        .on("final", gone)
        .off("final", gone);
      await handle.promise.then(() => heard.push("promise"));
      expect(heard).toEqual(["* start", "1 r", "2", "* final", "promise"]);
      expect(() => handle.on("finale" as never, gone)).toThrow(TypeError);
    });

    it("streams partial answers and thoughts", async () => {
      const { session, user } = createBench(core);
      const engine = engines.fromFunction(async (turn, { partial, thinking }) => {
        thinking("hm");
        partial("Hel");
        await Promise.resolve();
        partial("lo");
        return turns.appendBlock(turn, turns.newAssistantBlock("Hello"));
      });
      const events: InferenceEvent[] = [];
      await session({ engine })
        .start(user("x"))
        .on("*", (event) => events.push(event)).promise;
      expect(typesOf(events)).toEqual(["start", "partial-thinking", "partial", "partial", "final"]);
      expect(events[3]).toMatchObject({ delta: "lo", completion: "Hello" });
    });

    it("a log that throws or rejects breaks neither the run nor, as a rejection that nobody hears, the process", async () => {
      const { session, user } = createBench(core);
      let heard = 0;
      const rejecting = (): never =>
        ({
          // oxlint-disable-next-line unicorn/no-thenable -- to see whether somebody hears of it.
          then: (_: unknown, failed: (error: Error) => void) => (heard++, failed(new Error("log"))),
        }) as never;
      const throwing = (): never => {
        throw new Error("log");
      };
      for (const log of [rejecting, throwing]) {
        const one = session({ engine: engines.echo(), log, middlewares: [core.middlewares.logging(log)] });
        const answer = await one.runAsync(user("x"), {
          onEvent: () => {
            throw new Error("listener");
          },
        });
        expect(texts(answer).at(-1)).toBe("llm_text: x");
      }
      // Two events, and the two entries of the middleware.
      expect(heard).toBe(4);
    });

    it("a listener that throws or rejects is reported and changes nothing", async () => {
      const { session, user, logs } = createBench(core);
      const handle = session({ engine: engines.echo({ reply: "r" }) }).start(user("x"));
      handle.on("start", () => {
        throw new Error("one");
      });
      handle.on("final", () => Promise.reject(new Error("two")));
      expect(texts(await handle.promise).at(-1)).toBe("llm_text: r");
      await Promise.resolve();
      expect(logs.map(({ error }) => (error as Error).message)).toEqual(["one", "two"]);
    });

    it("a failure is an Error, an event before it, and no change of history", async () => {
      const { session, user } = createBench(core);
      for (const thrown of ["text", new TypeError("real"), undefined, { message: "odd" }]) {
        const one = session({
          engine: engines.fromFunction(() => {
            throw thrown;
          }),
        });
        const order: string[] = [];
        const handle = one.start(user("x")).on("*", ({ type }) => order.push(`${type} ${one.isRunning()}`));
        const error = await rejectionOf(handle.promise.finally(() => order.push("promise")));
        expect(order).toEqual(["start true", "error false", "promise"]);
        if (thrown instanceof Error) expect(error).toBe(thrown);
        expect(one.turnCount()).toBe(0);
      }
    });

    it("ids, tags and deadline reach every callback and event, tool execution included", async () => {
      const { session, user, clock } = createBench(core);
      const seen: Record<string, unknown>[] = [];
      const note = (context: object): void => void seen.push(context as Record<string, unknown>);
      const tools = core.tools.createRegistry().register({
        name: "add",
        handler: (_args, context) => {
          note(context);
          return 1;
        },
      });
      const failing = tools.register({
        name: "fail",
        handler: () => {
          throw new Error("no");
        },
      });
      const calls = callingEngine(core, [
        ["c1", "add", {}],
        ["c2", "fail", {}],
      ]);
      const one = session({
        engine: engines.fromFunction((turn, context) => {
          note(context);
          return calls.infer(turn, context);
        }),
        middlewares: [
          (turn, next, context) => {
            note(context);
            return next(turn);
          },
        ],
        tools: failing,
        toolHooks: { beforeToolCall: note, afterToolCall: note, onToolError: note },
      });
      const tags = { plan: "pro", nested: { a: [1] } };
      const events: InferenceEvent[] = [];
      const handle = one.start({ ...user("x"), metadata: { trace_id: "trace" } }, { tags, timeoutMs: 500 });
      tags.plan = "changed";
      await handle.on("*", (event) => events.push(event)).promise;
      const common = {
        sessionId: "s",
        turnId: "t",
        deadlineMs: clock.now() + 500,
        tags: { plan: "pro", nested: { a: [1] } },
      };
      for (const context of [...seen, ...events]) {
        expect(context).toMatchObject(common);
        const { inferenceId, timestampMs } = context as { inferenceId: unknown; timestampMs: unknown };
        expect([inferenceId, timestampMs]).toEqual(["id-1", clock.now()]);
      }
      expect(typesOf(events)).toEqual([
        "start",
        "tool-call",
        "tool-call",
        "tool-call-execute",
        "tool-call-execution-result",
        "tool-call-execute",
        "tool-call-execution-result",
        "tool-result",
        "tool-result",
        "final",
      ]);
      expect(events[1]).toMatchObject({ toolCall: { id: "c1", name: "add", input: {} } });
      expect(events[3]).toMatchObject({ callId: "c1" });
      expect(events[4]).toMatchObject({ callId: "c1", toolResult: { id: "c1", result: 1 } });
      expect(events[6]).toMatchObject({ callId: "c2", toolResult: { id: "c2", error: "no" } });
      expect(seen.filter((context) => "callId" in context).map(({ callId }) => callId)).toEqual([
        "c1",
        "c1",
        "c1",
        "c2",
        "c2",
        "c2",
      ]);
      expect(seen.find((context) => "middlewareName" in context)).toMatchObject({ traceId: "trace" });
      expect(seen.find((context) => "toolName" in context)).toMatchObject({ toolName: "add", callName: "add" });
    });
  });

  describe("cancel", () => {
    it("right after start: nothing of it is begun", async () => {
      const { session, user } = createBench(core);
      let asked = 0;
      const one = session({ engine: engines.fromFunction((turn) => (asked++, turn)) });
      const heard: string[] = [];
      const handle = one.start(user("x")).on("*", ({ type }) => heard.push(type));
      expect([handle.cancel("too late"), handle.cancel()]).toEqual([true, false]);
      const error = await rejectionOf(handle.promise);
      expect([error.message, error.code, asked, heard]).toEqual([
        "The run was cancelled: too late",
        "cancelled",
        0,
        ["start", "interrupt"],
      ]);
    });

    it("in an engine that never ends, without a timeout: at once, with the text so far", async () => {
      const { session, user } = createBench(core);
      let signal: AbortSignal | undefined;
      const engine = engines.fromFunction(async (_turn, context) => {
        signal = context.signal;
        context.partial("Hel");
        await never();
      });
      const events: InferenceEvent[] = [];
      const one = session({ engine });
      const handle = one.start(user("x")).on("*", (event) => events.push(event));
      await Promise.resolve();
      await Promise.resolve();
      handle.cancel();
      expect([one.isRunning(), signal?.aborted]).toEqual([false, true]);
      expect(events.at(-1)).toMatchObject({ type: "interrupt", text: "Hel" });
      expect((await rejectionOf(handle.promise)).code).toBe("cancelled");
      expect(handle.cancel()).toBe(false);
    });

    it("in a tool, a hook, a middleware and the wait before a retry: at once, and nothing is said after it", async () => {
      for (const place of ["tool", "hook", "middleware", "backoff"]) {
        const { session, user, clock } = createBench(core);
        const tools = core.tools.createRegistry().register({
          name: "work",
          handler: () => {
            if (place === "backoff") throw new Error("again");
            return place === "tool" ? never() : 1;
          },
        });
        const one = session({
          engine: callingEngine(core, [["c", "work", {}]]),
          tools,
          middlewares: [(turn, next) => (place === "middleware" ? never() : next(turn))],
          toolLoop: { toolErrorHandling: "retry" },
          toolHooks: { beforeToolCall: () => (place === "hook" ? never() : undefined) },
        });
        const heard: string[] = [];
        const handle = one.start(user("x")).on("*", ({ type }) => heard.push(type));
        await clock.advance(10);
        expect(one.cancelActive(), place).toBe(true);
        expect((await rejectionOf(handle.promise)).code, place).toBe("cancelled");
        await clock.advance(10_000);
        expect([heard.at(-1), one.isRunning(), clock.pending], place).toEqual(["interrupt", false, 0]);
        expect(heard.filter((type) => type === "interrupt").length, place).toBe(1);
      }
    });

    it("from inside a synchronous callback, which cannot swallow it", async () => {
      const { session, user } = createBench(core);
      const one: ReturnType<typeof session> = session({
        engine: engines.fromFunction((turn) => (one.cancelActive(), turn)),
      });
      expect(() => one.run(user("x"))).toThrow("cancelled");
      expect((await rejectionOf(one.runAsync(user("x")))).code).toBe("cancelled");
      expect(one.turnCount()).toBe(0);
    });

    it("from inside a callback that then returns a promise", async () => {
      const { session, user } = createBench(core);
      const one: ReturnType<typeof session> = session({
        engine: engines.fromFunction(() => (one.cancelActive(), never())),
      });
      expect((await rejectionOf(one.start(user("x")).promise)).code).toBe("cancelled");
      const inner: ReturnType<typeof session> = session({
        engine: engines.fromFunction(() => (inner.cancelActive(), Promise.reject(new Error("unheard")))),
        middlewares: [(turn, next) => next(turn)],
      });
      expect((await rejectionOf(inner.runAsync(user("x")))).code).toBe("cancelled");
      // Also where the run has waited for something before.
      let asked = 0;
      const later: ReturnType<typeof session> = session({
        engine: engines.fromFunction(async (turn) => {
          asked += 1;
          turn.blocks.push(turns.newToolCallBlock("c", "hang", {}));
        }),
        tools: core.tools.createRegistry().register({ name: "hang", handler: () => (later.cancelActive(), never()) }),
      });
      expect((await rejectionOf(later.runAsync(user("x")))).code).toBe("cancelled");
      expect(asked).toBe(1);
    });

    it("where a listener to the run's signal throws out of abort: it ends all the same, and the log is told", async () => {
      const { session, user, clock, logs } = createBench(core);
      const tools = core.tools.createRegistry().register({ name: "hang", handler: never });
      const hangs = { engine: engines.fromFunction(never) };
      const inTool = () => ({ engine: callingEngine(core, [["c", "hang", {}]]), tools });
      const events: string[] = [];
      const begin = (options: SessionOptions, timeoutMs = 0) => {
        const handle = session(options).start(user("x"), { timeoutMs, onEvent: ({ type }) => events.push(type) });
        return { handle, ended: rejectionOf(handle.promise) };
      };
      const cancelled = begin(hangs);
      const late = begin(hangs, 100);
      const limited = begin({ ...inTool(), toolLoop: { executionTimeoutMs: 1_000 } }, 100);
      const slow = begin({ ...inTool(), toolLoop: { executionTimeoutMs: 50, toolErrorHandling: "abort" } });
      for (let turn = 0; turn < 20; turn++) await Promise.resolve();
      await withThrowingListeners(async () => {
        expect(cancelled.handle.cancel()).toBe(true);
        await clock.advance(100);
      });
      const endings = await Promise.all([cancelled, late, limited, slow].map(({ ended }) => ended));
      expect(endings.map(({ code }) => code)).toEqual(["cancelled", "timeout", "timeout", "tool-failed"]);
      expect(events.filter((type) => type === "error").length).toBe(3);
      expect([events.includes("interrupt"), clock.pending]).toEqual([true, 0]);
      expect(new Set(logs.map(({ message }) => message))).toEqual(new Set(["A listener to a signal failed"]));
    });

    it("by a signal, before and while it runs; the listener on it is taken away", async () => {
      const { session, user } = createBench(core);
      const one = session({ engine: engines.fromFunction(never) });
      const controller = new AbortController();
      const { signal } = controller;
      let listeners = 0;
      const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
      const count = (name: string, by: number, then: (...given: never[]) => void): void => {
        const value = (...given: never[]): void => ((listeners += by), then(...given));
        Object.defineProperty(signal, name, { value });
      };
      count("addEventListener", 1, add as (...given: never[]) => void);
      count("removeEventListener", -1, remove as (...given: never[]) => void);
      await session({ engine: engines.echo() }).runAsync(user("x"), { signal });
      expect(listeners).toBe(0);
      const running = rejectionOf(one.runAsync(user("x"), { signal }));
      expect(listeners).toBe(1);
      controller.abort();
      expect((await running).code).toBe("cancelled");
      expect(listeners).toBe(0);
      expect((await rejectionOf(one.runAsync(user("x"), { signal }))).code).toBe("cancelled");
    });

    it("what a cancelled run's engine says later is heard by nobody", async () => {
      const { session, user } = createBench(core);
      let say: (text: string) => void = () => undefined;
      const one = session({ engine: engines.fromFunction((_turn, { partial }) => ((say = partial), never())) });
      const heard: string[] = [];
      const handle = one.start(user("x")).on("*", ({ type }) => heard.push(type));
      await Promise.resolve();
      handle.cancel();
      say("late");
      await rejectionOf(handle.promise);
      expect(heard).toEqual(["start", "interrupt"]);
    });
  });

  describe("timeoutMs", () => {
    it("ends a run that takes longer, as an error, and leaves no timer", async () => {
      const { session, user, clock } = createBench(core);
      const one = session({ engine: engines.fromFunction(never) });
      const heard: string[] = [];
      const handle = one.start(user("x"), { timeoutMs: 100 }).on("*", ({ type }) => heard.push(type));
      await clock.advance(99);
      expect(one.isRunning()).toBe(true);
      await clock.advance(1);
      expect((await rejectionOf(handle.promise)).code).toBe("timeout");
      expect([heard, clock.pending]).toEqual([["start", "error"], 0]);
    });

    it("a synchronous run is looked at between its steps: none begins when its time is over", () => {
      let now = 0;
      const clock = { now: () => now, after: () => () => undefined };
      const { session, user } = createBench(core, { clock });
      const called: string[] = [];
      const tools = core.tools.createRegistry().register({ name: "work", handler: () => called.push("work") });
      const engine = engines.fromFunction((turn) => {
        now += 101;
        turn.blocks.push(core.turns.newToolCallBlock("c", "work", {}));
      });
      const one = session({ engine, tools });
      expect(() => one.run(user("x"), { timeoutMs: 100 })).toThrow("The run took longer than its timeoutMs");
      expect([called, one.isRunning(), one.turnCount()]).toEqual([[], false, 0]);
    });

    it("0 is no limit, and a run in time leaves no timer", async () => {
      const { session, user, clock } = createBench(core);
      const one = session({ engine: engines.fromFunction(later((turn) => turn)) });
      await one.runAsync(user("x"), { timeoutMs: 0 });
      await one.runAsync(user("x"), { timeoutMs: 100 });
      expect(clock.pending).toBe(0);
    });
  });

  describe("middlewares", () => {
    it("the first is the outermost; once per question; a returned turn, a changed one, a short cut", async () => {
      const { session, user } = createBench(core);
      const order: string[] = [];
      const named = (name: string) =>
        core.middlewares.fromJS(async (turn, next) => {
          order.push(`${name} in`);
          const answer = await next(turn);
          order.push(`${name} out`);
          answer.blocks.push(turns.newAssistantBlock(name));
        }, name);
      const one = session({ engine: engines.echo({ reply: "r" }), middlewares: [named("a"), named("b")] });
      const answer = await one.runAsync(user("x"));
      expect(order).toEqual(["a in", "b in", "b out", "a out"]);
      expect(texts(answer).slice(1)).toEqual(["llm_text: r", "llm_text: b", "llm_text: a"]);
      const cut = session({ engine: engines.fromFunction(never), middlewares: [(turn) => void turn.blocks.pop()] });
      expect(cut.run(user("x")).blocks).toEqual([]);
    });

    it("may ask twice, give another turn to next, and not wait for it", async () => {
      const { session, user } = createBench(core);
      let asked = 0;
      const engine = engines.fromFunction(
        later((turn) => {
          if (++asked === 1) throw new Error("first");
          return turns.appendBlock(turn, turns.newAssistantBlock("ok"));
        }),
      );
      const again = session({
        engine,
        middlewares: [
          async (turn, next) => {
            try {
              return await next(turn);
            } catch {
              return next({ ...turn, blocks: [turns.newUserBlock("second")] });
            }
          },
        ],
      });
      expect(texts(await again.runAsync(user("x")))).toEqual(["user: second", "llm_text: ok"]);
      const careless = session({ engine, middlewares: [(turn, next) => void next(turn)] });
      expect(texts(await careless.runAsync(user("x"))).at(-1)).toBe("llm_text: ok");
    });

    it("next after the run has ended is refused", async () => {
      const { session, user } = createBench(core);
      let kept: () => unknown = () => undefined;
      const one = session({ engine: engines.echo(), middlewares: [(turn, next) => ((kept = next), turn)] });
      one.run(user("x"));
      expect(kept).toThrow("The run has ended");
    });

    it("built in: system prompt, logging, results behind their calls", async () => {
      const { session, user } = createBench(core);
      const entries: unknown[] = [];
      const call = turns.newToolCallBlock;
      const use = turns.newToolUseBlock;
      const seen: string[][] = [];
      const one = session({
        engine: engines.fromFunction((turn) => void seen.push(texts(turn))),
        middlewares: [
          core.middlewares.logging(({ phase, blocks, sessionId }) => entries.push([phase, blocks, sessionId])),
          core.middlewares.systemPrompt("Be brief."),
          core.middlewares.systemPrompt("Be kind."),
          core.middlewares.reorderToolResults(),
        ],
      });
      const messy = turns.newTurn({
        blocks: [
          ...user("x").blocks,
          use("b", 2),
          call("a", "n", {}),
          call("b", "n", {}),
          turns.newAssistantBlock("t"),
          use("a", 1),
          use("z", 0),
        ],
      });
      await one.runAsync(messy);
      expect(seen).toEqual([
        [
          "system: Be kind.",
          "user: x",
          "tool_call: a",
          "tool_call: b",
          "tool_use: a",
          "tool_use: b",
          "llm_text: t",
          "tool_use: z",
        ],
      ]);
      expect(entries).toEqual([
        ["ask", 7, "s"],
        ["answer", 8, "s"],
      ]);
    });
  });
};
