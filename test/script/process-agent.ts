import { tools as inferenceTools, turns } from "../../src/inference/index.ts";
import type { ScriptAgentOptions } from "../../src/script/index.ts";
import { createGate, request } from "../run/engine-world.ts";
import type { TestApi } from "../support/test-api.ts";
import { id, play, reach, stage, texts, until } from "./script-stage.ts";

const isolation = "process";

/** Script agents whose VM is a child process: what the suite of script agents shows inline, and what only a kill can end. */
export default function processAgent({ describe, it, expect }: TestApi): void {
  describe("script agent in a child process", () => {
    it("streams; its text is persisted and the turn completed", async () => {
      const source = `export default async (turn, ctx) => {
        for (const word of turn.text.split(" ")) await ctx.text(word + ".");
      }`;
      const { world, calls, snapshot } = await play(
        source,
        "completed",
        { isolation },
        { input: { message: "one two" } },
      );
      expect(await texts(world)).toEqual(["one.", "two."]);
      expect([snapshot?.finalText, (await world.types(id)).at(-1)]).toEqual(["one.two.", "session.run.completed"]);
      expect(calls).toContain("persist one.two.");
    });

    it("calls the host's engine and tool in a session, forwarded as parts", async () => {
      const tools = inferenceTools
        .createRegistry()
        .register({ name: "add", handler: async ({ a }: { a: number }) => a + 1 });
      const model: NonNullable<ScriptAgentOptions["engines"]>[string] = async (turn, { partial }) => {
        const used = turn.blocks.find(({ kind }) => kind === "tool_use");
        if (used === undefined) return turns.appendBlock(turn, turns.newToolCallBlock("c", "add", { a: 1 }));
        partial("It is ");
        partial(String(used.payload?.["result"]));
        return turns.appendBlock(turn, turns.newAssistantBlock("It is 2"));
      };
      const source = `
        import { createSession, turns } from "turnwire";
        export default async (turn, ctx) => {
          const session = createSession({ engine: ctx.engines.model, tools: ctx.tools });
          await ctx.forward(session.start(turns.newTurn({ blocks: [turns.newUserBlock(turn.text)] })));
        };`;
      const { world, calls, snapshot } = await play(source, "completed", { isolation, engines: { model }, tools });
      expect(snapshot?.finalText).toBe("It is 2");
      expect(calls).toContain("persist It is 2");
      const states = (await world.log(id)).flatMap(({ data }) => {
        const part = data?.["part"] as { readonly state?: { readonly status: string } } | undefined;
        return part?.state === undefined ? [] : [part.state.status];
      });
      expect(states).toEqual(["running", "completed"]);
    });

    it("asks for approval, and goes on afresh, in another context, with the decision", async () => {
      const source = `let n = 0; export default async (turn, ctx) => {
        n += 1;
        if (turn.resume) return ", " + turn.resume.decision + " " + n;
        await ctx.text("Asking");
        return ctx.requestApproval({ toolName: "send", input: { to: "ada" } });
      }`;
      const { calls, world } = await play(source, "completed", { isolation }, {}, async (engine, current) => {
        await reach(current, "waiting_for_approval");
        const [approval] = (await engine.inspect(id))?.approvals ?? [];
        await engine.decideApproval(approval?.approvalId ?? "", { decision: "approve" });
      });
      expect(calls).toContain("persist Asking, approve 1");
      expect((await world.types(id)).at(-1)).toBe("session.run.completed");
    });

    it("is stopped in the middle of a host tool: the tool is aborted, the script hears of it, nothing is persisted", async () => {
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
                heard.push("tool aborted");
                reject(new Error("aborted"));
              });
              gate.open();
            }),
        });
      const source = `export default async (turn, ctx) => {
        ctx.signal.addEventListener("abort", () => ctx.tools.call("note", { text: "script aborted" }));
        await ctx.text("before");
        await ctx.tools.call("slow");
      }`;
      const { world, calls } = await play(source, "cancelled", { isolation, tools }, {}, async (engine, current) => {
        let begun = false;
        void gate.passed.then(() => (begun = true));
        await until(current, () => begun);
        await engine.cancel(id, { reason: "enough" });
        await until(current, () => heard.length === 2);
      });
      expect([...heard].sort()).toEqual(["script aborted", "tool aborted"]);
      expect((await world.types(id)).at(-1)).toBe("session.run.cancelled");
      expect(calls).toEqual(["end cancelled", "flush"]);
    });

    it("a cancel inside the script reaches the host's tool, and the turn goes on", async () => {
      const heard: string[] = [];
      const tools = inferenceTools.createRegistry().register({
        name: "slow",
        handler: (_args, { signal }) =>
          new Promise((_, reject) => {
            signal?.addEventListener("abort", () => {
              heard.push((signal.reason as Error).message);
              reject(new Error("aborted"));
            });
          }),
      });
      const source = `
        import { createSession, turns } from "turnwire";
        const asks = (turn) => turns.appendBlock(turn, turns.newToolCallBlock("c", "slow", {}));
        export default async (turn, ctx) => {
          const handle = createSession({ engine: asks, tools: ctx.tools }).start(turns.newTurn());
          handle.on("tool-call-execute", () => queueMicrotask(() => handle.cancel("enough")));
          return handle.promise.catch(({ code }) => code);
        };`;
      const { calls } = await play(source, "completed", { isolation, tools });
      expect(calls).toContain("persist cancelled");
      expect(heard).toEqual(["The run was cancelled: enough"]);
    });

    it("a script that never ends is interrupted, or killed from outside, and fails its turn alone", async () => {
      const source = `export default async (turn, ctx) => {
        await ctx.text("so far");
        if (turn.text === "loop") for (;;);
        if (turn.text === "builtin") new Array(4e9).indexOf(1);
        return;
      }`;
      const limits = { sliceMs: 300, killGraceMs: 300 };
      const { world, calls, options, end } = stage(source, { isolation, limits });
      const engine = world.engine(options);
      const asked = ["loop", "builtin", "fine"];
      for (const [at, message] of asked.entries()) {
        const { executionId } = await engine.open(request(at, { input: { message } }));
        const state = message === "fine" ? "completed" : "failed";
        await until(world, async () => (await world.run(executionId)).state === state);
        const terminal = message === "fine" ? "session.run.completed" : "session.run.failed";
        expect((await world.types(executionId)).at(-1), message).toBe(terminal);
        const failure = (await engine.inspect(executionId))?.failure;
        expect(failure?.code, message).toBe(message === "fine" ? undefined : "script-timeout");
        if (message === "builtin") expect(failure?.message).toMatch("was killed");
      }
      expect(calls.filter((call) => call.startsWith("persist"))).toEqual(["persist so far"]);
      await world.stop(engine);
      await end();
    }, 60_000);

    it("a script that eats its memory fails its turn by that name", async () => {
      const source = `export default async (turn, ctx) => {
        await ctx.text("before");
        const all = [];
        for (;;) all.push(new Array(1e5).fill(0));
      }`;
      const limits = { memoryBytes: 16 * 1024 * 1024 };
      const { snapshot, calls, world } = await play(source, "failed", { isolation, limits });
      expect(snapshot?.failure?.code).toBe("script-limit");
      expect((await world.types(id)).at(-1)).toBe("session.run.failed");
      expect(calls).toEqual(["end failed", "flush"]);
    });
  });
}
