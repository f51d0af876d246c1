import {
  type BehaviourSuite,
  callingEngine,
  createBench,
  never,
  rejectionOf,
  texts,
  toolUses,
} from "./suite-support.ts";
import type { ToolHooks, ToolLoopSettings, ToolSpec } from "../../src/inference/index.ts";

const boom = (): never => {
  throw new Error("boom");
};

export const toolSuite: BehaviourSuite = ({ describe, it, expect }, core) => {
  const { engines, turns } = core;

  const nonsense = () => ({ action: "nonsense" }) as never;

  function play(
    calls: readonly [id: string, name: string, args: unknown][],
    specs: readonly ToolSpec[],
    toolLoop: ToolLoopSettings = {},
    toolHooks: ToolHooks = {},
  ) {
    const bench = createBench(core);
    const tools = core.tools.createRegistry();
    for (const spec of specs) tools.register(spec);
    const session = bench.session({ engine: callingEngine(core, calls), tools, toolLoop, toolHooks });
    return { ...bench, session, promise: session.runAsync(bench.user("x")) };
  }

  describe("tool registries", () => {
    it("register, list, call, and refuse what does not fit", async () => {
      const tools = core.tools.createRegistry();
      const parameters = {
        type: "object",
        properties: { a: { type: "number" } },
        required: ["a"],
        additionalProperties: false,
      };
      tools.register({ name: "double", description: "Doubles", parameters, handler: ({ a }: { a: number }) => a * 2 });
      tools.register({ name: "slow", handler: async () => "later" });
      expect(tools.list()[0]).toEqual({ name: "double", description: "Doubles", parameters });
      expect(tools.call("double", { a: 2 })).toBe(4);
      expect(await tools.call("slow")).toBe("later");
      expect(() => tools.call("double", { a: "2" })).toThrow('The tool double refuses: /a must be number, got "2"');
      expect(() => tools.call("double", {})).toThrow("/a is missing");
      expect(() => tools.call("double", { a: 1, b: 1 })).toThrow("/b is not known");
      expect(() => tools.call("none")).toThrow('There is no tool "none"; there is: double, slow');
      expect(() => tools.register({ name: "double", handler: boom })).toThrow("registered already");
      expect(() => tools.register({ name: "x" } as never)).toThrow("tool.handler must be a function");
      expect(() => tools.register({ name: "x", parameters: { dependentRequired: {} }, handler: boom })).toThrow(
        "not supported",
      );
    });

    it("host tools by name", () => {
      const { core: own } = createBench(core, {
        host: { tool: (name) => (name === "clock" ? { name, handler: () => 12 } : undefined) },
      });
      expect(own.tools.createRegistry().useHost("clock").call("clock")).toBe(12);
      expect(() => own.tools.createRegistry().useHost("other")).toThrow("The host gives no tool other");
      expect(() => core.tools.createRegistry().useHost("clock")).toThrow("The host gives no tool clock");
    });

    it("checks arguments against the usual keywords", () => {
      const fits = (schema: object, value: unknown): boolean => {
        const tools = core.tools.createRegistry();
        tools.register({ name: "t", parameters: { type: "object", properties: { v: schema } }, handler: () => true });
        try {
          return tools.call("t", { v: value }) === true;
        } catch {
          return false;
        }
      };
      const cases: readonly (readonly [object, readonly unknown[], readonly unknown[]])[] = [
        [{ type: "integer" }, [1, -3, 1.0], [1.5, "1", null]],
        [{ type: ["string", "null"] }, ["", null], [1, []]],
        [{ enum: ["a", { b: 1 }] }, ["a", { b: 1 }], ["b", { b: 2 }, { b: 1, c: 1 }]],
        [{ const: [1] }, [[1]], [1, [1, 2]]],
        [{ minimum: 1, exclusiveMaximum: 3, multipleOf: 0.1 }, [1, 2.9, 1.3], [0.9, 3, 1.05]],
        [{ minLength: 2, maxLength: 2, pattern: "^." }, ["ab", "😀😀"], ["a", "abc"]],
        [
          { type: "array", items: { type: "boolean" }, minItems: 1, maxItems: 2 },
          [[true]],
          [[], [1], [true, true, true]],
        ],
        [{ type: "object", additionalProperties: { type: "number" } }, [{}, { a: 1 }], [{ a: "1" }, []]],
        [{ anyOf: [{ type: "string" }, { minimum: 3 }] }, ["a", 3], [2]],
        [{ oneOf: [{ type: "number" }, { minimum: 3 }] }, [2], [3]],
        [{ allOf: [{ minimum: 1 }, { maximum: 2 }], not: { const: 1.5 } }, [1, 2], [0, 3, 1.5]],
        [{ type: "string", nullable: true }, [null, "a"], [1]],
      ];
      for (const [schema, good, bad] of cases) {
        for (const value of good) expect(fits(schema, value), JSON.stringify([schema, value])).toBe(true);
        for (const value of bad) expect(fits(schema, value), JSON.stringify([schema, value])).toBe(false);
      }
    });

    it("names the place of what is wrong, however deep it stands", () => {
      const tools = core.tools.createRegistry();
      const part = {
        type: "object",
        properties: { size: { type: ["number", "null"], minimum: 1 } },
        required: ["size"],
      };
      tools.register({
        name: "build",
        parameters: { type: "object", properties: { parts: { type: "array", items: { anyOf: [part] } } }, maximum: 1 },
        handler: () => true,
      });
      const refuses = (args: unknown, words: string): void =>
        expect(() => tools.call("build", args)).toThrow(`The tool build refuses: ${words}`);
      refuses([], "the arguments must be object, got an array");
      refuses({ parts: {} }, "/parts must be array, got an object");
      refuses({ parts: [{ size: 1 }, {}] }, "/parts/1/size is missing");
      refuses({ parts: [{ size: "1" }] }, '/parts/0/size must be number or null, got "1"');
      refuses({ parts: [{ size: 0 }] }, "/parts/0/size must be at least 1, got 0");
      // As many as nobody would nest.
      expect(tools.call("build", { parts: Array.from({ length: 200 }, () => ({ size: 1 })) })).toBe(true);
    });

    it("refuses at once a limit that could not be checked", () => {
      const cases: readonly (readonly [object, string])[] = [
        [{ minimum: 0, exclusiveMinimum: true }, "v.exclusiveMinimum must be a number, got true"],
        [{ maxLength: "5" }, 'v.maxLength must be a number, got "5"'],
        [{ multipleOf: null }, "v.multipleOf must be a number, got null"],
        [{ required: true }, "v.required must be an array, got true"],
        [{ enum: "a" }, 'v.enum must be an array, got "a"'],
      ];
      for (const [v, words] of cases) {
        const parameters = { type: "object", properties: { v } };
        const register = () => core.tools.createRegistry().register({ name: "t", parameters, handler: boom });
        expect(register, words).toThrow(`tool.parameters.properties.${words}`);
      }
      const v = { type: "number", minimum: undefined, enum: undefined, required: undefined };
      const open = { type: "object", properties: { v } };
      const tools = core.tools.createRegistry().register({ name: "t", parameters: open, handler: () => true });
      expect(tools.call("t", { v: 1 })).toBe(true);
    });

    it("what is too much to check fits no schema, and so not what must not be there either", () => {
      const hidden = {
        anyOf: [{ required: ["secret"] }, { properties: { in: { $ref: "#/$defs/hidden" } }, required: ["in"] }],
      };
      const parameters = { type: "object", not: { $ref: "#/$defs/hidden" }, $defs: { hidden } };
      const tools = core.tools.createRegistry().register({ name: "t", parameters, handler: () => true });
      const nested = (depth: number): object => (depth === 0 ? { secret: 1 } : { in: nested(depth - 1) });
      expect(tools.call("t", { in: {} })).toBe(true);
      expect(() => tools.call("t", nested(3))).toThrow("is what it must not be");
      expect(() => tools.call("t", nested(60))).toThrow("too much to check");
      const list = { type: "array", items: {} };
      const long = { type: "object", properties: { list }, allOf: [{ not: { required: ["secret"] } }] };
      const longTools = core.tools.createRegistry().register({ name: "t", parameters: long, handler: () => true });
      expect(longTools.call("t", { list: Array(9_000).fill(1) })).toBe(true);
      const sneaky = { secret: 1, list: Array(9_997).fill(1) };
      for (let more = 0; more < 4; more++, sneaky.list.push(1)) {
        expect(() => longTools.call("t", sneaky)).toThrow(/too much to check|what it must not be/);
      }
    });

    it("follows references, and is bounded where they go in a circle", () => {
      const tools = core.tools.createRegistry();
      const tree = { type: "object", properties: { left: { $ref: "#/$defs/tree" } }, additionalProperties: false };
      const parameters = { $ref: "#/$defs/tree", $defs: { tree, loop: { $ref: "#/$defs/loop" } } };
      tools.register({ name: "tree", parameters, handler: () => true });
      expect(tools.call("tree", { left: { left: {} } })).toBe(true);
      expect(() => tools.call("tree", { left: { right: 1 } })).toThrow("/left/right is not known");
      const loop = core.tools.createRegistry();
      loop.register({ name: "loop", parameters: { ...parameters, $ref: "#/$defs/loop" }, handler: () => true });
      expect(() => loop.call("loop", {})).toThrow("too much to check");
    });
  });

  describe("the tool loop", () => {
    it("makes the calls, and asks again with their results, until none is left", async () => {
      const add: ToolSpec = { name: "add", handler: async ({ a, b }: { a: number; b: number }) => a + b };
      const { promise, session } = play(
        [
          ["c1", "add", { a: 1, b: 2 }],
          ["c2", "add", { a: 3, b: 4 }],
        ],
        [add],
      );
      const answer = await promise;
      expect(toolUses(answer)).toEqual([
        ["c1", 3],
        ["c2", 7],
      ]);
      expect(texts(answer).at(-1)).toBe("llm_text: done");
      expect(session.turnCount()).toBe(1);
    });

    it("a call that has its result already, even behind it, is not made", async () => {
      const { session, user } = createBench(core);
      const made: unknown[] = [];
      const tools = core.tools.createRegistry().register({ name: "work", handler: (args) => made.push(args) });
      const engine = engines.fromFunction((turn) => {
        if (turn.blocks.length > 1) return;
        turn.blocks.push(
          turns.newToolCallBlock("c1", "work", { n: 1 }),
          turns.newToolCallBlock("c2", "work", { n: 2 }),
        );
        turn.blocks.push(turns.newToolUseBlock("c1", "done elsewhere"));
      });
      const answer = await session({ engine, tools }).runAsync(user("x"));
      expect(made).toEqual([{ n: 2 }]);
      expect(toolUses(answer)).toEqual([
        ["c1", "done elsewhere"],
        ["c2", 1],
      ]);
    });

    it("is synchronous where its tools are", () => {
      const { session, user } = createBench(core);
      const tools = core.tools.createRegistry().register({ name: "one", handler: () => 1 });
      expect(toolUses(session({ engine: callingEngine(core, [["c", "one", {}]]), tools }).run(user("x")))).toEqual([
        ["c", 1],
      ]);
    });

    it("enabled: false, and no tools, leave calls in the turn", () => {
      const { session, user } = createBench(core);
      const tools = core.tools.createRegistry().register({ name: "one", handler: boom });
      for (const options of [{ tools, toolLoop: { enabled: false } }, {}]) {
        const answer = session({ engine: callingEngine(core, [["c", "one", {}]]), ...options }).run(user("x"));
        expect(texts(answer)).toEqual(["user: x", "tool_call: c"]);
      }
    });

    it("maxIterations: reaching it rejects", async () => {
      const { session, user } = createBench(core);
      let asked = 0;
      const engine = engines.fromFunction((turn) => {
        asked += 1;
        turn.blocks.push(turns.newToolCallBlock(`c${turn.blocks.length}`, "one", {}));
      });
      const tools = core.tools.createRegistry().register({ name: "one", handler: () => 1 });
      const two = session({ engine, tools, toolLoop: { maxIterations: 2 } });
      expect((await rejectionOf(two.runAsync(user("x")))).message).toBe("max iterations (2) reached");
      expect(asked).toBe(2);
      expect(() => session({ engine, tools }).run(user("x"))).toThrow("max iterations (5) reached");
    });

    it("maxParallelTools is the most that run at once, and results keep the order of calls", async () => {
      for (const most of [1, 2, 3]) {
        let running = 0;
        let peak = 0;
        const tool: ToolSpec = {
          name: "work",
          handler: async ({ n }: { n: number }) => {
            peak = Math.max(peak, ++running);
            for (let turn = 0; turn < 10 - n; turn++) await Promise.resolve();
            running--;
            return n;
          },
        };
        const calls = [0, 1, 2, 3, 4].map((n): [string, string, unknown] => [`c${n}`, "work", { n }]);
        const answer = await play(calls, [tool], { maxParallelTools: most }).promise;
        expect([peak, toolUses(answer).map((use) => (use as unknown[])[1])]).toEqual([most, [0, 1, 2, 3, 4]]);
      }
    });

    it("toolChoice: what the engine is offered, and what it may do", async () => {
      const offers: unknown[] = [];
      const { session, user } = createBench(core);
      const tools = core.tools.createRegistry().register({ name: "one", handler: () => 1 });
      for (const toolChoice of ["auto", "none", "required"] as const) {
        const calling = callingEngine(core, [["c", "one", {}]]);
        const engine = engines.fromFunction((turn, context) => {
          offers.push([context.toolChoice, context.tools.map(({ name }) => name)]);
          return calling.infer(turn, context);
        });
        const answer = await session({ engine, tools, toolLoop: { toolChoice } }).runAsync(user("x"));
        expect(toolUses(answer)).toEqual([
          ["c", toolChoice === "none" ? "The tool one was called, and toolChoice is none" : 1],
        ]);
      }
      expect(offers[0]).toEqual(["auto", ["one"]]);
      expect(offers[2]).toEqual(["none", []]);
      const lazy = session({ engine: engines.echo(), tools, toolLoop: { toolChoice: "required" } });
      expect(() => lazy.run(user("x"))).toThrow("toolChoice is required");
    });

    it("allowedTools: others are neither offered nor called, also when a hook renames a call", async () => {
      const called: string[] = [];
      const spec = (name: string): ToolSpec => ({ name, handler: () => called.push(name) });
      const rename = {
        beforeToolCall: ({ callId }: { callId: string }) => (callId === "c2" ? { name: "bad" } : undefined),
      };
      const { promise } = play(
        [
          ["c1", "bad", {}],
          ["c2", "good", {}],
          ["c3", "good", {}],
        ],
        [spec("good"), spec("bad")],
        { allowedTools: ["good"] },
        rename,
      );
      const refusal = "The tool bad is not allowed (allowedTools)";
      expect(toolUses(await promise)).toEqual([
        ["c1", refusal],
        ["c2", refusal],
        ["c3", 1],
      ]);
      expect(called).toEqual(["good"]);
      const { session, user } = createBench(core);
      const tools = core.tools.createRegistry().register(spec("good")).register(spec("bad"));
      let offered: unknown;
      const engine = engines.fromFunction((_turn, context) => void (offered = context.tools.map(({ name }) => name)));
      session({ engine, tools, toolLoop: { allowedTools: ["good"] } }).run(user("x"));
      expect(offered).toEqual(["good"]);
    });

    it("toolErrorHandling: continue, abort, retry with growing waits", async () => {
      const broken: ToolSpec = { name: "broken", handler: boom };
      expect(toolUses(await play([["c", "broken", {}]], [broken]).promise)).toEqual([["c", "boom"]]);
      const aborting = play([["c", "broken", {}]], [broken], { toolErrorHandling: "abort" });
      const error = await rejectionOf(aborting.promise);
      expect([error.message, error.code, (error.cause as Error).message]).toEqual([
        "The tool broken failed: boom",
        "tool-failed",
        "boom",
      ]);
      const tries: number[] = [];
      const retrying = play(
        [["c", "broken", {}]],
        [
          {
            name: "broken",
            handler: (_args, { timestampMs }) => {
              tries.push(timestampMs);
              return boom();
            },
          },
        ],
        { toolErrorHandling: "retry", retryMaxRetries: 3, retryBackoffMs: 100, retryBackoffFactor: 3 },
      );
      await retrying.clock.advance(5_000);
      expect(toolUses(await retrying.promise)).toEqual([["c", "boom"]]);
      expect(tries.map((at, n) => at - (tries[n - 1] ?? at))).toEqual([0, 100, 300, 900]);
    });

    it("a tool that is unknown, or refuses its arguments, is not tried again", async () => {
      const { promise } = play(
        [
          ["c1", "none", {}],
          ["c2", "strict", {}],
        ],
        [{ name: "strict", parameters: { required: ["a"] }, handler: boom }],
        { toolErrorHandling: "retry" },
      );
      expect(toolUses(await promise)).toEqual([
        ["c1", 'There is no tool "none"; there is: strict'],
        ["c2", "The tool strict refuses: /a is missing"],
      ]);
    });

    it("executionTimeoutMs leaves no timer where the tool itself cancels its run", async () => {
      const { session, user, clock } = createBench(core);
      const one: ReturnType<typeof session> = session({
        engine: callingEngine(core, [["c", "stop", {}]]),
        tools: core.tools.createRegistry().register({ name: "stop", handler: () => (one.cancelActive(), never()) }),
        toolLoop: { executionTimeoutMs: 60_000 },
      });
      expect((await rejectionOf(one.runAsync(user("x")))).code).toBe("cancelled");
      expect(clock.pending).toBe(0);
    });

    it("executionTimeoutMs ends a try, fires its signal and leaves no timer", async () => {
      let signal: AbortSignal | undefined;
      const hanging: ToolSpec = { name: "hang", handler: (_args, context) => ((signal = context.signal), never()) };
      const { promise, clock } = play([["c", "hang", {}]], [hanging], { executionTimeoutMs: 50 });
      await clock.advance(49);
      expect(signal?.aborted).toBe(false);
      await clock.advance(1);
      expect(toolUses(await promise)).toEqual([["c", "The tool hang took more than 50 ms (executionTimeoutMs)"]]);
      expect([signal?.aborted, clock.pending]).toEqual([true, 0]);
      const quick: ToolSpec = { name: "quick", handler: async () => "in time" };
      const bench = createBench(core);
      // While the run goes on: its end would take every timer away.
      const pending: number[] = [];
      const engine = engines.fromFunction((turn) => {
        pending.push(bench.clock.pending);
        if (pending.length === 1) turn.blocks.push(turns.newToolCallBlock("c", "quick", {}));
      });
      const tools = core.tools.createRegistry().register(quick);
      const inTime = bench.session({ engine, tools, toolLoop: { executionTimeoutMs: 50 } });
      expect(toolUses(await inTime.runAsync(bench.user("x")))).toEqual([["c", "in time"]]);
      expect(pending).toEqual([0, 0]);
    });

    it("a failure that ends the run lets no further call begin, and stops those that run", async () => {
      const begun: string[] = [];
      let signal: AbortSignal | undefined;
      const spec = (name: string, handler: ToolSpec["handler"]): ToolSpec => ({ name, handler });
      const { promise } = play(
        [
          ["c1", "hang", {}],
          ["c2", "fail", {}],
          ["c3", "last", {}],
        ],
        [
          spec("hang", (_args, context) => ((signal = context.signal), never())),
          spec("fail", async () => boom()),
          spec("last", () => begun.push("last")),
        ],
        { toolErrorHandling: "abort", maxParallelTools: 2 },
      );
      expect((await rejectionOf(promise)).message).toBe("The tool fail failed: boom");
      expect([begun, signal?.aborted]).toEqual([[], true]);
    });

    it("one that fails at once leaves no other's end unheard", async () => {
      const { promise } = play(
        [
          ["c1", "hang", {}],
          ["c2", "fail", {}],
        ],
        [
          { name: "hang", handler: () => never() },
          { name: "fail", handler: () => boom() },
        ],
        { toolErrorHandling: "abort", maxParallelTools: 2 },
      );
      expect((await rejectionOf(promise)).message).toBe("The tool fail failed: boom");
    });

    it("settings that are misspelled or make no sense are refused", () => {
      const { session } = createBench(core);
      const refuse = (toolLoop: object, words: string): void =>
        expect(() => session({ engine: engines.echo(), toolLoop })).toThrow(words);
      refuse({ maxIteration: 1 }, "A setting of toolLoop");
      refuse({ maxIterations: 0 }, "toolLoop.maxIterations");
      refuse({ toolChoice: "maybe" }, "toolLoop.toolChoice");
      refuse({ executionTimeoutMs: 0 }, "toolLoop.executionTimeoutMs");
      refuse({ retryBackoffFactor: 0.5 }, "toolLoop.retryBackoffFactor");
      refuse({ hooks: { beforeTool: boom } }, "A hook's name");
    });
  });

  describe("tool hooks", () => {
    const echo: ToolSpec = { name: "echo", handler: (args: unknown) => args };

    it("beforeToolCall rewrites id, name and args, and the turn keeps the call as it was made", async () => {
      const { promise } = play(
        [["c", "other", { a: 1 }]],
        [echo],
        {},
        {
          beforeToolCall: async ({ call }) => ({ id: "d", name: "echo", args: { was: call.args } }),
        },
      );
      const answer = await promise;
      expect(toolUses(answer)).toEqual([["d", { was: { a: 1 } }]]);
      expect(answer.blocks[1]?.payload).toEqual({ id: "d", name: "echo", args: { was: { a: 1 } } });
    });

    it("beforeToolCall may change the arguments in place", async () => {
      const { promise } = play(
        [["c", "echo", { a: 1 }]],
        [echo],
        {},
        {
          beforeToolCall: ({ call }) => void ((call.args as { a: number }).a = 2),
        },
      );
      expect(toolUses(await promise)).toEqual([["c", { a: 2 }]]);
    });

    it("abort ends the run, from each hook", async () => {
      const hooks: readonly ToolHooks[] = [
        { beforeToolCall: () => ({ action: "abort", error: "why" }) },
        { afterToolCall: () => ({ action: "abort", error: "why" }) },
        { onToolError: () => ({ action: "abort", error: "why" }) },
      ];
      for (const toolHooks of hooks) {
        const isError = toolHooks.onToolError !== undefined;
        const { promise, session } = play(
          [["c", "echo", {}]],
          [isError ? { name: "echo", handler: boom } : echo],
          {},
          toolHooks,
        );
        const error = await rejectionOf(promise);
        expect([error.message, error.code]).toEqual(["A hook aborted the run at the tool echo: why", "tool-aborted"]);
        expect(session.turnCount()).toBe(0);
      }
    });

    it("afterToolCall replaces results and errors, and is told what happened", async () => {
      const seen: unknown[] = [];
      const broken: ToolSpec = { name: "broken", handler: boom };
      const { promise } = play(
        [
          ["c1", "echo", 1],
          ["c2", "echo", {}],
          ["c3", "broken", {}],
        ],
        [echo, broken],
        {},
        {
          afterToolCall: ({ callId, result, error, attempts, durationMs }) => {
            seen.push([callId, result, error, attempts, durationMs]);
            if (callId === "c2") return { error: "redacted", result: undefined };
            return callId === "c3" ? { result: "fine", error: null } : undefined;
          },
        },
      );
      expect(toolUses(await promise)).toEqual([
        ["c1", "The tool echo refuses: the arguments must be object, got 1"],
        ["c2", "redacted"],
        ["c3", "fine"],
      ]);
      expect(seen[1]).toEqual(["c2", {}, undefined, 1, 0]);
      expect(seen[2]).toEqual(["c3", undefined, "boom", 1, 0]);
    });

    it("onToolError: retry with its own wait, continue, and what it is told", async () => {
      let failures = 2;
      const flaky: ToolSpec = { name: "flaky", handler: () => (failures-- > 0 ? boom() : "ok") };
      const seen: unknown[] = [];
      const { promise, clock } = play(
        [["c", "flaky", {}]],
        [flaky],
        { toolErrorHandling: "abort" },
        {
          onToolError: ({ attempt, error, defaultRetry, defaultBackoffMs }) => {
            seen.push([attempt, error, defaultRetry, defaultBackoffMs]);
            return { action: "retry", backoffMs: 10 };
          },
        },
      );
      await clock.advance(19);
      expect(seen.length).toBe(2);
      await clock.advance(1);
      expect(toolUses(await promise)).toEqual([["c", "ok"]]);
      expect(seen).toEqual([
        [1, "boom", false, 1000],
        [2, "boom", false, 2000],
      ]);
      const carried = play(
        [["c", "broken", {}]],
        [{ name: "broken", handler: boom }],
        { toolErrorHandling: "abort" },
        {
          onToolError: () => ({ action: "continue" }),
        },
      );
      expect(toolUses(await carried.promise)).toEqual([["c", "boom"]]);
    });

    it("a hook may ask for ten retries and no more", async () => {
      let tries = 0;
      const broken: ToolSpec = { name: "broken", handler: () => (tries++, boom()) };
      const { promise } = play(
        [["c", "broken", {}]],
        [broken],
        {},
        { onToolError: () => ({ action: "retry", backoffMs: 0 }) },
      );
      expect(toolUses(await promise)).toEqual([["c", "boom"]]);
      expect(tries).toBe(11);
    });

    it("where a failing tool ends the run, it does so too when a hook's retries are used up", async () => {
      let tries = 0;
      const broken: ToolSpec = { name: "broken", handler: () => (tries++, boom()) };
      const { promise } = play(
        [["c", "broken", {}]],
        [broken],
        { toolErrorHandling: "abort" },
        { onToolError: () => ({ action: "retry", backoffMs: 0 }) },
      );
      const error = await rejectionOf(promise);
      expect([error.code, error.message, tries]).toEqual(["tool-failed", "The tool broken failed: boom", 11]);
    });

    it("a hook that fails ends the run, unless it may", async () => {
      for (const name of ["beforeToolCall", "afterToolCall", "onToolError"] as const) {
        const spec: ToolSpec = name === "onToolError" ? { name: "echo", handler: boom } : echo;
        for (const hook of [boom, async () => boom(), nonsense, async () => nonsense()]) {
          const strict = play([["c", "echo", {}]], [spec], {}, { [name]: hook });
          expect((await rejectionOf(strict.promise)).message).toMatch(/boom|The action of/);
          const open = play([["c", "echo", {}]], [spec], {}, { [name]: hook, failOpen: true });
          expect(toolUses(await open.promise).length).toBe(1);
          expect(open.logs.map(({ message }) => message)[0]).toMatch(`The hook ${name} failed`);
        }
      }
    });
  });
};
