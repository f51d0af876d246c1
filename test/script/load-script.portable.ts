import { createSession, type Engine, engines, type Turn, turns } from "../../src/inference/index.ts";
import { type LoadedScript, loadScript, type ScriptRuntime } from "../../src/script/index.ts";
import { callingEngine, rejectionOf, texts, toolUses } from "../inference/suite-support.ts";
import * as core from "../../src/inference/index.ts";
import type { PortableSuite } from "../support/test-api.ts";
import { testRuntime } from "./script-support.ts";

const suite: PortableSuite = ({ describe, it, expect }) => {
  const user = (text: string) => turns.newTurn({ blocks: [turns.newUserBlock(text)] });

  async function withParts(
    source: string,
    body: (script: LoadedScript, runtime: ScriptRuntime) => Promise<void>,
  ): Promise<void> {
    const runtime = testRuntime();
    try {
      await body(await loadScript({ source, runtime }), runtime);
    } finally {
      await runtime.close({ graceMs: 0 });
    }
  }

  describe("loadScript", () => {
    it("middlewares: synchronous and async, changing in place, asking twice, by name", async () => {
      const source = `
        const redact = (text) => text.replaceAll("secret", "***");
        export const middlewares = [
          async function redacts(turn, next) {
            const answer = await next();
            for (const block of answer.blocks) if (block.payload?.text) block.payload.text = redact(block.payload.text);
          },
          { name: "again", fn: async (turn, next) => { await next(turn); return next(turn); } },
          (turn, next, ctx) => { turn.metadata.by = [ctx.middlewareName, ctx.tags.plan]; },
        ];`;
      await withParts(source, async ({ middlewares, tools, toolHooks }) => {
        expect(middlewares.map(({ name }) => name)).toEqual(["redacts", "again", "script"]);
        expect([tools.list(), toolHooks]).toEqual([[], { failOpen: false }]);
        let asked = 0;
        const engine = engines.fromFunction(
          (turn) => void (asked++, turn.blocks.push(turns.newAssistantBlock("a secret"))),
        );
        const two = createSession({ engine, middlewares: middlewares.slice(0, 2) });
        expect(texts(await two.runAsync(user("my secret")))).toEqual(["user: my ***", "llm_text: a ***"]);
        expect(asked).toBe(2);
        const last = createSession({ engine, middlewares: middlewares.slice(2) });
        const answer = await last.runAsync(user("x"), { tags: { plan: "pro" } });
        expect(answer.metadata?.["by"]).toEqual(["script", "pro"]);
        expect(() => last.run(user("x"))).toThrow("the middleware script is asynchronous");
      });
    });

    it("tools and hooks: in a session of the host, each call a job of the owner", async () => {
      const source = `
        import { tools as make } from "turnwire";
        export const tools = make.createRegistry()
          .register({ name: "add", description: "Adds", parameters: { type: "object", required: ["a"] }, handler: async ({ a }, ctx) => a + ctx.callId.length })
          .register({ name: "fail", handler: () => { throw new RangeError("no"); } });
        export const toolHooks = {
          beforeToolCall: ({ call }) => { if (call.name === "add") call.args.a += 10; },
          afterToolCall: ({ result }) => result === undefined ? undefined : { result: { wrapped: result } },
          onToolError: ({ error }) => ({ action: "abort", error: "stopped: " + error }),
        };`;
      await withParts(source, async ({ tools, toolHooks }) => {
        expect(tools.list().map(({ name, description }) => [name, description])).toEqual([
          ["add", "Adds"],
          ["fail", ""],
        ]);
        const session = createSession({ engine: callingEngine(core, [["c1", "add", { a: 1 }]]), tools, toolHooks });
        expect(toolUses(await session.runAsync(user("x")))).toEqual([["c1", { wrapped: 13 }]]);
        const failing = createSession({ engine: callingEngine(core, [["c", "fail", {}]]), tools, toolHooks });
        expect((await rejectionOf(failing.runAsync(user("x")))).message).toMatch("stopped: RangeError: no");
      });
    });

    it("a tool's arguments are checked in its VM, where a pattern that takes for ever is stopped", async () => {
      const source = `
        const s = { type: "string", pattern: "^(a+)+$" };
        export const tools = [
          { name: "match", parameters: { type: "object", properties: { s } }, handler: ({ s }) => s.length },
        ];`;
      const runtime = testRuntime({ limits: { sliceMs: 200 } });
      const { tools } = await loadScript({ source, runtime });
      const long = rejectionOf(tools.call("match", { s: `${"a".repeat(28)}!` }) as Promise<unknown>);
      expect((await long).code).toMatch(/^script-(limit|timeout)$/);
      expect(await tools.call("match", { s: "aaa" })).toBe(3);
      await runtime.close({ graceMs: 0 });
    });

    it("arguments that a script's tool refuses are not tried again", async () => {
      const source = `
        const parameters = { type: "object", properties: { n: { type: "number" } } };
        export const tools = [{ name: "work", parameters, handler: () => { throw new Error("broken"); } }];`;
      await withParts(source, async ({ tools }) => {
        const tried: string[] = [];
        const session = createSession({
          engine: callingEngine(core, [
            ["c1", "work", { n: "1" }],
            ["c2", "work", { n: 1 }],
          ]),
          tools,
          toolLoop: { toolErrorHandling: "retry", retryMaxRetries: 1, retryBackoffMs: 0, maxParallelTools: 1 },
          toolHooks: { onToolError: ({ callId }) => void tried.push(callId) },
        });
        expect(toolUses(await session.runAsync(user("x")))).toEqual([
          ["c1", 'The tool work refuses: /n must be number, got "1"'],
          ["c2", "Error: broken"],
        ]);
        expect(tried).toEqual(["c1", "c2", "c2"]);
      });
    });

    it("hooks fail closed: what is no answer, no function or no hook is refused, and a class's methods are hooks", async () => {
      const called: string[] = [];
      const tools = core.tools.createRegistry().register({ name: "work", handler: () => called.push("work") });
      const play = async (toolHooks: string): Promise<Error> => {
        let failed: Error | undefined;
        await withParts(`export const toolHooks = ${toolHooks};`, async (script) => {
          const session = createSession({
            engine: callingEngine(core, [["c", "work", {}]]),
            tools,
            toolHooks: script.toolHooks,
          });
          failed = await rejectionOf(session.runAsync(user("x")));
        });
        return failed as Error;
      };
      for (const answer of ["false", "'deny'", "1", "[]", "() => 1", "NaN", "Promise.resolve(false)"]) {
        const { message } = await play(`{ beforeToolCall: () => ${answer} }`);
        expect(message, answer).toMatch("The answer of beforeToolCall must be an object");
      }
      const inClass = await play(
        "new (class { beforeToolCall() { return { action: 'abort', error: 'by class' }; } })()",
      );
      expect(inClass.message).toMatch("by class");
      for (const hooks of ["{ beforeToolCall: 'abort' }", "{ beforeToolCal: true }", "() => false"]) {
        const source = `export const toolHooks = ${hooks};`;
        expect((await rejectionOf(loadScript({ source, runtime: testRuntime() }))).message, hooks).toMatch("must be a");
      }
      expect(called).toEqual([]);
    });

    it("an engine that the product gives may be of a class, by name and by configuration", async () => {
      class Model implements Engine {
        readonly name = "model";
        readonly reply: string;
        constructor(reply: string) {
          this.reply = reply;
        }
        infer(turn: Turn): void {
          turn.blocks.push(turns.newAssistantBlock(this.reply));
        }
      }
      const source = `
        import { createSession, engines, turns } from "turnwire";
        const ask = async (engine) => {
          const seed = turns.newTurn({ blocks: [turns.newUserBlock("x")] });
          return (await createSession({ engine }).runAsync(seed)).blocks[1].payload.text;
        };
        const handler = async () => [await ask(engines.host("model")), await ask(engines.fromConfig({ model: "m" }))];
        export const tools = [{ name: "ask", handler }];`;
      const runtime = testRuntime();
      const product = { engines: { model: new Model("named") }, resolveEngine: () => new Model("configured") };
      const { tools } = await loadScript({ source, runtime, ...product });
      expect(await tools.call("ask")).toEqual(["named", "configured"]);
      await runtime.close({ graceMs: 0 });
    });

    it("a script that was evaluated and is refused then does not stay open", async () => {
      const runtime = testRuntime();
      const tool = (name: string, more: string): string =>
        `export const tools = { list: () => [{ name: ${name}, description: ${more}, parameters: {} }] };`;
      for (const source of [tool('""', '"a"'), tool('"a"', '"x".repeat(2e6)')]) {
        await rejectionOf(loadScript({ source, runtime }));
        expect(runtime.stats()).toMatchObject({ scripts: 0, calls: 0 });
      }
      await runtime.close({ graceMs: 0 });
    });

    it("a cancel reaches a script's tool, and the script serves the next call", async () => {
      const source = `
        let aborted = 0;
        export const tools = [
          { name: "hang", handler: (args, { signal }) => new Promise(() => {}) },
          { name: "ok", handler: () => "ok" },
        ];`;
      await withParts(source, async ({ tools }, runtime) => {
        const session = createSession({ engine: callingEngine(core, [["c", "hang", {}]]), tools });
        const handle = session.start(user("x"));
        const begun = new Promise<void>((resolve) => void handle.on("tool-call-execute", () => resolve()));
        await begun;
        handle.cancel();
        expect((await rejectionOf(handle.promise)).message).toMatch("cancelled");
        // Nobody waits for it any more, whether it listens to its signal or not.
        expect(runtime.stats().calls).toBe(0);
        expect(await tools.call("ok")).toBe("ok");
      });
    });

    it("what does not load is refused; what was disposed fails", async () => {
      expect(
        (await rejectionOf(loadScript({ source: "export const middlewares = 1;", runtime: testRuntime() }))).message,
      ).toMatch("TypeError");
      expect((await rejectionOf(loadScript({ source: "", runtime: testRuntime(), limits: {} }))).message).toMatch(
        "limits belong to the runtime",
      );
      await withParts("export const tools = [{ name: 'one', handler: () => 1 }];", async ({ tools, dispose }) => {
        expect(await tools.call("one")).toBe(1);
        await dispose();
        expect((await rejectionOf(tools.call("one") as Promise<unknown>)).message).toMatch("closed");
      });
    });
  });
};

export default suite;
