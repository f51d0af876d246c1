import { scriptAgent, type ScriptAgentOptions } from "../../src/script/index.ts";
import { createInference, tools as inferenceTools, turns } from "../../src/inference/index.ts";
import { createGate, createWorld, notedHooks, request } from "../run/engine-world.ts";
import type { PortableSuite } from "../support/test-api.ts";
import { id, play, reach, stage, texts, until } from "./script-stage.ts";
import { testRuntime } from "./script-support.ts";

const suite: PortableSuite = ({ describe, it, expect }) => {
  describe("script agent", () => {
    it("streams, knows its turn, and its text is the answer", async () => {
      const source = `export default async (turn, ctx) => {
        await ctx.text("You said ");
        ctx.text(turn.message);
        await ctx.emit({ type: "status", data: [turn.attempt, turn.data, turn.history, ctx.tags, ctx.identity.sessionId, ctx.executionId, ctx.signal.aborted] });
        return "not this";
      }`;
      const input = { input: { message: "hi", data: { a: 1 } }, tags: { plan: "pro" } };
      const { world, calls, snapshot } = await play(
        source,
        "completed",
        { tags: { plan: "free", from: "agent" } },
        input,
      );
      expect([await texts(world), snapshot?.finalText]).toEqual([["You said ", "hi"], "You said hi"]);
      const status = (await world.log(id)).find(({ type }) => type === "status");
      expect(status?.data).toEqual([1, { a: 1 }, [], { plan: "pro", from: "agent" }, "session-1", id, false]);
      expect(calls).toContain("persist You said hi");
    });

    it("a returned string is the answer where no text was streamed", async () => {
      const { calls } = await play("export default () => 'plain';", "completed");
      expect(calls).toEqual(["transform", "persist plain", "complete completed", "end completed", "flush"]);
    });

    it("a session of its own, with host engine and host tool, forwarded as parts", async () => {
      const tools = inferenceTools.createRegistry().register({
        name: "add",
        parameters: { type: "object", properties: { a: { type: "number" } }, required: ["a"] },
        handler: async ({ a }: { a: number }) => a + 1,
      });
      const source = `
        import { createSession, turns } from "turnwire";
        export default async (turn, ctx) => {
          const session = createSession({ engine: ctx.engines.model, tools: ctx.tools });
          const seed = turns.newTurn({ blocks: [turns.newUserBlock(turn.message)] });
          await ctx.forward(session.start(seed, { tags: ctx.tags }));
        };`;
      const model: NonNullable<ScriptAgentOptions["engines"]>[string] = async (turn, { partial, tools: offered }) => {
        const used = turn.blocks.find(({ kind }) => kind === "tool_use");
        if (used === undefined)
          return turns.appendBlock(turn, turns.newToolCallBlock("c", offered[0]?.name ?? "none", { a: 1 }));
        partial("It is ");
        partial(String(used.payload?.["result"]));
        return turns.appendBlock(turn, turns.newAssistantBlock(`It is ${String(used.payload?.["result"])}`));
      };
      const { world, snapshot } = await play(source, "completed", { engines: { model }, tools });
      expect(snapshot?.finalText).toBe("It is 2");
      const parts = (await world.log(id)).flatMap(({ data }) => (data?.["part"] === undefined ? [] : [data["part"]]));
      expect(parts.slice(0, 2)).toEqual([
        { type: "tool", callID: "c", tool: "add", state: { status: "running", input: { a: 1 } } },
        { type: "tool", callID: "c", tool: "add", state: { status: "completed", input: { a: 1 }, output: 2 } },
      ]);
    });

    it("forwards the whole text of a run that has spoken before, or has ended, and what it says after a tool unstreamed", async () => {
      const script = (body: string): string => `
        import { createSession, engines, tools, turns } from "turnwire";
        const pause = () => new Promise((resolve) => setTimeout(resolve, 0));
        const say = (turn, text) => void turn.blocks.push(turns.newAssistantBlock(text));
        const streams = engines.fromFunction(async (turn, { partial }) => {
          for (const delta of ["one ", "two ", "three"]) { partial(delta); await gate.promise; }
          say(turn, "one two three");
        });
        const calls = engines.fromFunction(async (turn, { partial }) => {
          if (turn.blocks.at(-1).kind === "tool_use") return say(turn, "It is 2");
          partial("Let me see. ");
          turn.blocks.push(turns.newToolCallBlock("c", "two", {}));
        });
        const gate = {};
        gate.promise = new Promise((resolve) => { gate.open = resolve; });
        const two = tools.createRegistry().register({ name: "two", handler: () => 2 });
        const start = (engine) =>
          createSession({ engine, tools: two }).start(turns.newTurn({ blocks: [turns.newUserBlock("x")] }));
        export default async (turn, ctx) => { ${body} };`;
      const cases = [
        // Its first words are said while the script is still at its own.
        [
          `const handle = start(streams); await ctx.text("0 "); const f = ctx.forward(handle); gate.open(); await f;`,
          "0 one two three",
        ],
        [
          `const handle = start(streams); gate.open(); await handle.promise; await ctx.forward(handle);`,
          "one two three",
        ],
        [`await ctx.forward(start(calls));`, "Let me see. It is 2"],
      ] as const;
      for (const [body, text] of cases) {
        const { snapshot } = await play(script(body), "completed");
        expect(snapshot?.finalText, body).toBe(text);
      }
    });

    it("a script that throws fails its turn, with what it said; nothing is persisted", async () => {
      const source =
        "export default async (turn, ctx) => { ctx.text('so'); ctx.text(' far'); throw new TypeError('broken'); }";
      const { snapshot, calls, world } = await play(source, "failed");
      expect(await texts(world)).toEqual(["so", " far"]);
      expect(snapshot?.failure).toMatchObject({ code: "script-error", message: "TypeError: broken" });
      expect((await world.types(id)).at(-1)).toBe("session.run.failed");
      expect(calls).toEqual(["end failed", "flush"]);
    });

    it("a script that does not load, and one that exports no answer, fail their turns by name", async () => {
      const wrong = await play("export const x = 1;", "failed");
      expect(wrong.snapshot?.failure?.message).toMatch("must export a default function");
      const broken = await play("export default (", "failed");
      expect(broken.snapshot?.failure?.code).toMatch(/^script-/);
    });

    it("a script that never ends is stopped by its limits: a loop, and a promise", async () => {
      const loop = await play("export default () => { for (;;); }", "failed", { limits: { sliceMs: 100 } });
      expect(loop.snapshot?.failure?.code).toBe("script-timeout");
      const hang = await play("export default () => new Promise(() => {});", "failed", { timeoutMs: 50 });
      expect(hang.snapshot?.failure?.code).toBe("script-timeout");
    });

    it("events that are none fail in the script; terminals of its own do not pass", async () => {
      const source = `export default async (turn, ctx) => {
        let refused = "";
        try { await ctx.emit({ kind: "x" }); } catch (error) { refused = error.message; }
        await ctx.emit({ type: "session.run.completed" });
        return refused;
      }`;
      const { snapshot, world } = await play(source, "completed");
      expect(snapshot?.finalText).toMatch("An event's type must be a string");
      expect((await world.types(id)).filter((type) => type === "session.run.completed").length).toBe(1);
    });

    it("keeps nothing in variables from one turn to the next", async () => {
      const { world, options, end, calls } = stage("let n = 0; export default () => `turn ${++n}`;");
      const engine = world.engine(options);
      for (const n of [1, 2]) await engine.open(request(n));
      await until(world, () => calls.filter((call) => call === "flush").length === 2);
      expect(calls.filter((call) => call.startsWith("persist"))).toEqual(["persist turn 1", "persist turn 1"]);
      await world.stop(engine);
      await end();
    });

    it("asks a person, ends, and goes on afresh with the decision", async () => {
      const source = `export default async (turn, ctx) => {
        if (turn.resume) return " and then " + turn.resume.decision + " " + JSON.stringify(turn.resume.input);
        await ctx.text("Asking");
        return ctx.requestApproval({ toolName: "send", input: { to: "ada" } });
      }`;
      const { world, options, end, calls } = stage(source);
      const engine = world.engine(options);
      await engine.open(request(1));
      await reach(world, "waiting_for_approval");
      const [approval] = (await engine.inspect(id))?.approvals ?? [];
      expect(approval).toMatchObject({ toolName: "send", input: { to: "ada" }, status: "pending" });
      expect(calls).toEqual([]);
      await engine.decideApproval(approval?.approvalId ?? "", { decision: "edit", input: { to: "bob" } });
      await reach(world, "completed");
      expect(calls).toContain('persist Asking and then edit {"to":"bob"}');
      await world.stop(engine);
      await end();
    });

    it("a stop in the middle of a host tool ends the turn at once, aborts the tool, and reaches the script", async () => {
      const gate = createGate();
      const heard: string[] = [];
      const tools = inferenceTools
        .createRegistry()
        .register({ name: "note", handler: ({ text }: { text: string }) => heard.push(text) })
        .register({
          name: "slow",
          handler: (_args, { signal }) =>
            new Promise((_, reject) => {
              signal?.addEventListener("abort", () => {
                heard.push(`tool aborted: ${String(signal.reason)}`);
                reject(new Error("aborted"));
              });
              gate.open();
            }),
        });
      const source = `export default async (turn, ctx) => {
        ctx.signal.addEventListener("abort", async () => {
          await ctx.tools.call("note", { text: "script aborted" });
          await new Promise((resolve) => setTimeout(resolve, 20));
          await ctx.tools.call("note", { text: "cleaned up" });
        });
        await ctx.text("before");
        await ctx.tools.call("slow").catch(() => undefined);
        await new Promise(() => {});
      }`;
      // Nothing but the stop ends it: its own time is long.
      const { world, options, end, calls, runtime } = stage(source, { tools, timeoutMs: 600_000 });
      const engine = world.engine(options);
      await engine.open(request(1));
      let begun = false;
      void gate.passed.then(() => (begun = true));
      await until(world, () => begun);
      await engine.cancel(id, { reason: "enough" });
      await reach(world, "cancelled");
      await until(world, () => heard.length === 3);
      expect([...heard].sort()).toEqual(["cleaned up", "script aborted", "tool aborted: enough"]);
      expect((await world.types(id)).at(-1)).toBe("session.run.cancelled");
      // However it goes on, it is ended after its second.
      await until(world, () => runtime.stats().calls === 0 && runtime.stats().scripts === 0);
      expect(calls).toEqual(["end cancelled", "flush"]);
      await world.stop(engine);
      await end();
    });

    it("a cancel or a timeout inside the script reaches the host's tool and engine, and the turn goes on", async () => {
      const source = `
        import { createSession, turns } from "turnwire";
        const asks = (turn) => turns.appendBlock(turn, turns.newToolCallBlock("c", "slow", {}));
        export default async (turn, ctx) => {
          const ends = [];
          const seed = turns.newTurn({ blocks: [turns.newUserBlock("go")] });
          const run = async (options, runOptions, when) => {
            const handle = createSession(options).start(seed, runOptions);
            if (when !== undefined) handle.on(when, () => queueMicrotask(() => handle.cancel("enough")));
            ends.push(await handle.promise.then(() => "answered", ({ code }) => code));
          };
          const { tools } = ctx, { slow } = ctx.engines;
          await run({ engine: slow }, {}, "partial");
          await run({ engine: asks, tools }, {}, "tool-call-execute");
          await run({ engine: asks, tools }, { timeoutMs: 20 });
          await run({ engine: asks, tools, toolLoop: { executionTimeoutMs: 20, maxIterations: 1 } }, {});
          const own = new AbortController();
          const direct = tools.call("slow", {}, { signal: own.signal });
          queueMicrotask(() => own.abort(new Error("by hand")));
          ends.push(await direct.catch(({ message }) => message));
          return ends.join();
        };`;
      const heard: string[] = [];
      const untilAborted = (who: string, signal: AbortSignal | undefined): Promise<never> =>
        new Promise((_, reject) => {
          signal?.addEventListener("abort", () => {
            heard.push(`${who}: ${(signal.reason as Error).message}`);
            reject(new Error("stopped"));
          });
        });
      const tools = inferenceTools
        .createRegistry()
        .register({ name: "slow", handler: (_args, { signal }) => untilAborted("tool", signal) });
      const slow: NonNullable<ScriptAgentOptions["engines"]>[string] = (_turn, { signal, partial }) => {
        partial("I think");
        return untilAborted("engine", signal);
      };
      const { snapshot } = await play(source, "completed", { tools, engines: { slow } });
      expect(snapshot?.finalText).toBe("cancelled,cancelled,timeout,max-iterations,stopped");
      expect(heard).toEqual([
        "engine: The run was cancelled: enough",
        "tool: The run was cancelled: enough",
        "tool: The run took longer than its timeoutMs",
        "tool: The tool slow took more than 20 ms (executionTimeoutMs)",
        "tool: by hand",
      ]);
    });

    it("fails where an engine says more at once than there may be calls", async () => {
      const source = `
        import { createSession, turns } from "turnwire";
        export default async (turn, ctx) => {
          const session = createSession({ engine: ctx.engines.model });
          await ctx.forward(session.start(turns.newTurn({ blocks: [turns.newUserBlock(turn.message)] })));
        };`;
      const model: NonNullable<ScriptAgentOptions["engines"]>[string] = (_turn, { partial }) => {
        for (let n = 0; n < 60; n++) partial(`${n} `);
      };
      const runtime = testRuntime({ limits: { maxQueuedCalls: 50 } });
      const { snapshot } = await play(source, "failed", { engines: { model }, runtime });
      expect(snapshot?.failure?.message).toMatch("maxQueuedCalls");
      await runtime.close({ graceMs: 0 });
    });

    it("a crash in the middle: begun again from its checkpoint where that is safe, failed where it is not", async () => {
      const source = `export default async (turn, ctx) => {
        if (turn.checkpoint) return ", kept " + turn.checkpoint.step + ", attempt " + turn.attempt;
        await ctx.text("One");
        await ctx.saveCheckpoint({ step: 1 });
        await ctx.text("lost");
        await new Promise(() => {});
      }`;
      for (const replay of ["safe", "unsafe"] as const) {
        const { world, options, end, calls } = stage(source, { replay });
        const line = world.line();
        const engine = world.engine({ ...options, line });
        await engine.open(request(1));
        await until(world, async () => (await texts(world)).includes("lost"));
        line.cut();
        const again = world.engine(options);
        again.start();
        await reach(world, replay === "safe" ? "completed" : "failed");
        if (replay === "safe") expect(calls).toContain("persist One, kept 1, attempt 2");
        else expect(calls.filter((call) => call.startsWith("persist"))).toEqual([]);
        await world.stop(again);
        await end();
      }
    });

    it("two tenants' turns run in two VMs", async () => {
      const runtime = testRuntime();
      const world = createWorld();
      const agent = scriptAgent({ source: "export default (turn, ctx) => ctx.identity.tenantId;", runtime });
      const calls: string[] = [];
      const engine = world.engine({ agents: { default: agent }, hooks: notedHooks(calls) });
      for (const n of [1, 2]) {
        const one = request(n);
        await engine.open({ ...one, identity: { ...one.identity, tenantId: `tenant-${n}` } });
      }
      await until(world, () => calls.filter((call) => call === "flush").length === 2);
      expect(calls.filter((call) => call.startsWith("persist")).sort()).toEqual([
        "persist tenant-1",
        "persist tenant-2",
      ]);
      expect(Object.keys(runtime.stats().owners).sort()).toEqual(["tenant-1", "tenant-2"]);
      await world.stop(engine);
      await runtime.close({ graceMs: 0 });
    });

    it("refuses options that make no sense", () => {
      expect(() => scriptAgent({} as never)).toThrow("source must be a string");
      expect(() => scriptAgent({ source: "", engines: { a: 1 as never } })).toThrow(TypeError);
      expect(() => scriptAgent({ source: "", runtime: testRuntime(), limits: {} })).toThrow(
        "limits belong to the runtime",
      );
      expect(typeof createInference().createSession).toBe("function");
    });
  });
};

export default suite;
