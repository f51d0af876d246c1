import { type BehaviourSuite, callingEngine, createBench, rejectionOf, texts, toolUses } from "./suite-support.ts";
import type { Block, InferenceEvent, ToolRegistry, Turn } from "../../src/inference/index.ts";

/** What is whose: copies where they are promised, and a turn that is looked at again where somebody changed it. */
export const isolationSuite: BehaviourSuite = ({ describe, it, expect }, core) => {
  const { turns, engines } = core;
  const text = (turn: Turn | undefined, index: number): unknown => turn?.blocks[index]?.payload?.["text"];

  describe("copies", () => {
    it("history, result, seed and what an engine keeps are four things, to the depth of their data", () => {
      const { session, user } = createBench(core);
      const kept: Block = {
        kind: "llm_text",
        payload: { text: "r", data: { list: [{ n: 1 }] } },
        metadata: { a: { b: 1 } },
      };
      const one = session({ engine: engines.fromFunction((turn) => void turn.blocks.push(kept)) });
      const seed = user("x");
      const answer = one.run(seed);
      const change = (block: Block | undefined, to: number): void => {
        const { payload, metadata } = block as unknown as {
          payload: { data: { list: { n: number }[] } };
          metadata: { a: { b: number } };
        };
        for (const item of payload.data.list) item.n = to;
        metadata.a.b = to;
      };
      change(answer.blocks[1], 2);
      change(kept, 3);
      const last = one.latest()?.blocks[1];
      expect([last?.payload, last?.metadata]).toEqual([{ text: "r", data: { list: [{ n: 1 }] } }, { a: { b: 1 } }]);
      expect(answer.blocks[1]?.metadata).toEqual({ a: { b: 2 } });
      expect(seed.blocks.length).toBe(1);
      one.latest()?.blocks.pop();
      expect(one.latest()?.blocks.length).toBe(2);
    });

    it("a tool has its own arguments, and the turn its own result", async () => {
      const { session, user } = createBench(core);
      const result = { list: [1] };
      const tools = core.tools.createRegistry().register({
        name: "work",
        handler: (args: { list: number[] }) => {
          args.list.push(9);
          return result;
        },
      });
      const one = session({ engine: callingEngine(core, [["c", "work", { list: [1] }]]), tools });
      const answer = await one.runAsync(user("x"));
      result.list.push(9);
      expect(answer.blocks[1]?.payload?.["args"]).toEqual({ list: [1] });
      expect(toolUses(answer)).toEqual([["c", { list: [1] }]]);
    });

    it("a tool that calls another, or is called by itself, has the other told who it is", () => {
      const { session, user } = createBench(core);
      const tools: ToolRegistry = core.tools
        .createRegistry()
        .register({ name: "outer", handler: (_args, context): unknown => tools.call("inner", {}, context) })
        .register({
          name: "inner",
          handler: (_args, { toolName, callId, timestampMs }) => [toolName, callId, typeof timestampMs],
        });
      const answer = session({ engine: callingEngine(core, [["c", "outer", {}]]), tools }).run(user("x"));
      expect(toolUses(answer)).toEqual([["c", ["inner", "c", "number"]]]);
      expect(tools.call("inner", {}, { toolName: "inner" })).toEqual(["inner", undefined, "number"]);
    });

    it("tags are frozen copies", () => {
      const { session, user } = createBench(core);
      const tags = { plan: { name: "pro" } };
      const seen: unknown[] = [];
      const engine = engines.fromFunction((_turn, context) => {
        seen.push(Object.isFrozen(context.tags), Object.isFrozen(context.tags?.["plan"]));
      });
      session({ engine }).run(user("x"), { tags });
      tags.plan.name = "free";
      expect([seen, tags.plan.name]).toEqual([[true, true], "free"]);
    });

    it("what is not too deep to be put into a history can be read from it", () => {
      const { session } = createBench(core);
      const one = session({ engine: engines.echo() });
      let depth = 100;
      for (; one.turnCount() === 0; depth--) {
        let deep: unknown = "end";
        for (let level = 0; level < depth; level++) deep = [deep];
        try {
          one.append({ id: "t", blocks: [{ kind: "user", payload: { text: "x", deep } }] });
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }
      expect(depth).toBeGreaterThan(50);
      const answer = JSON.stringify(one.run());
      const read = [one.turns()[0], one.turnsRange(0, 1)[0], one.latest(), one.getTurn(0), one.getTurn("t")];
      for (const turn of read) expect(JSON.stringify(turn)).toBe(answer);
    });

    it("what is no plain data is the caller's own: it is neither copied nor frozen", () => {
      class Client {
        readonly sent: string[] = [];
        readonly self = this;
      }
      const client = new Client();
      const bytes = new Uint8Array(2);
      const {
        core: own,
        session,
        user,
      } = createBench(core, {
        host: { resolveEngine: (config) => (turn) => void (config["client"] as Client).sent.push(String(turn.id)) },
      });
      const engine = own.engines.fromConfig({ provider: "mine", client, more: { list: [client, bytes] } });
      let seen: unknown;
      session({ engine }).run(user("x"), { tags: { client, bytes }, onEvent: ({ tags }) => (seen = tags) });
      expect([client.sent, bytes.fill(1).length, Object.isFrozen(seen)]).toEqual([["t"], 2, true]);
      expect((seen as { client: unknown }).client).toBe(client);
      const unknown = core.engines.fromConfig({ provider: "none", client });
      expect(() => session({ engine: unknown }).run(user("x"))).toThrow("resolves no engine for none");
    });

    it("what somebody put on every object's prototype is not copied", () => {
      const shared = Object.prototype as { pollution?: unknown };
      const given: Turn = { blocks: [{ kind: "user", payload: { text: "x" } }], data: { a: { b: 1 } } };
      let copy: Turn;
      shared.pollution = { deep: {} };
      try {
        copy = turns.newTurn(given);
      } finally {
        delete shared.pollution;
      }
      expect(copy).toStrictEqual(given);
    });
  });

  describe("a turn that is changed while it is answered", () => {
    const loop = (middleware: (turn: Turn) => void) => {
      const { session, user } = createBench(core);
      const called: unknown[] = [];
      const tools = core.tools
        .createRegistry()
        .register({ name: "work", handler: ({ n }: { n: number }) => called.push(n) });
      const calls = [1, 2, 3].map((n): [string, string, unknown][] => [[`c${n}`, "work", { n }]]);
      const one = session({
        engine: callingEngine(core, ...calls),
        tools,
        middlewares: [
          (turn, next) => {
            middleware(turn);
            return next(turn);
          },
        ],
      });
      return { called, run: () => one.run(user("x")) };
    };

    it("calls are found where blocks before them were taken out or put in, in place", () => {
      const trimmed = loop((turn) => void (turn.blocks.length > 3 && turn.blocks.splice(1, 2)));
      expect([texts(trimmed.run()).at(-1), trimmed.called]).toEqual(["llm_text: done", [1, 2, 3]]);
      const grown = loop((turn) => void turn.blocks.unshift(turns.newSystemBlock("s")));
      expect([texts(grown.run()).at(-1), grown.called]).toEqual(["llm_text: done", [1, 2, 3]]);
      const anew = loop((turn) => void (turn.blocks = [...turn.blocks]));
      expect([texts(anew.run()).at(-1), anew.called]).toEqual(["llm_text: done", [1, 2, 3]]);
    });

    it("an old block that was made into none fails the run, and history stays as it was", () => {
      const { session, user } = createBench(core);
      const tools = core.tools.createRegistry().register({ name: "work", handler: () => 1 });
      const calling = callingEngine(core, [["c", "work", {}]]);
      const one = session({
        engine: engines.fromFunction((turn, context) => {
          const [first] = turn.blocks as unknown as [{ payload: unknown }];
          if (turn.blocks.length > 1) first.payload = "nonsense";
          return calling.infer(turn, context);
        }),
        tools,
      });
      expect(() => one.run(user("x"))).toThrow("blocks[0].payload must be a plain object");
      expect(one.turnCount()).toBe(0);
    });

    it("an id that was answered before is not called again", () => {
      const { session, user } = createBench(core);
      let called = 0;
      const tools = core.tools.createRegistry().register({ name: "work", handler: () => ++called });
      const again = callingEngine(core, [["c", "work", {}]], [["c", "work", {}]]);
      const answer = session({ engine: again, tools }).run(user("x"));
      expect([called, toolUses(answer)]).toEqual([1, [["c", 1]]]);
    });
  });

  describe("promises of others", () => {
    it("one that calls back twice, or at once, is heard once", async () => {
      const { session, user } = createBench(core);
      const odd = <T>(value: T): Promise<T> =>
        ({
          // oxlint-disable-next-line unicorn/no-thenable -- what a script may return.
          then(resolve: (value: T) => void) {
            resolve(value);
            resolve(value);
          },
        }) as unknown as Promise<T>;
      const tools = core.tools.createRegistry().register({ name: "work", handler: () => odd(1) });
      const one = session({
        engine: callingEngine(core, [["c", "work", {}]]),
        tools,
        toolHooks: { beforeToolCall: () => odd(undefined), afterToolCall: () => odd(undefined) },
      });
      const events: InferenceEvent[] = [];
      const answer = await one.runAsync(user("x"), { onEvent: (event) => events.push(event) });
      expect([toolUses(answer), events.filter(({ type }) => type === "tool-call-execute").length]).toEqual([
        [["c", 1]],
        1,
      ]);
      expect(text(answer, 3)).toBe("done");
    });

    it("a listener that is added while the run goes on hears what is said from then on", async () => {
      const { session, user } = createBench(core);
      const heard: string[] = [];
      const engine = engines.fromFunction(async (_turn, { partial }) => {
        partial("unheard");
        await Promise.resolve();
        handle.on("*", ({ type }) => heard.push(type));
        partial("heard");
      });
      const handle = session({ engine }).start(user("x"));
      await handle.promise;
      expect(heard).toEqual(["partial", "final"]);
    });

    it("one that never settles keeps no cancelled run, whatever else of it runs at the same time", async () => {
      const { session, user } = createBench(core);
      const tools = core.tools
        .createRegistry()
        .register({ name: "hang", handler: () => new Promise(() => undefined) })
        .register({ name: "fail", handler: () => Promise.reject(new Error("later")) });
      const calls: [string, string, unknown][] = [
        ["c1", "hang", {}],
        ["c2", "hang", {}],
        ["c3", "fail", {}],
      ];
      const one = session({ engine: callingEngine(core, calls), tools, toolLoop: { maxParallelTools: 3 } });
      const handle = one.start(user("x"));
      for (let turn = 0; turn < 20; turn++) await Promise.resolve();
      expect([one.isRunning(), handle.cancel("enough"), one.isRunning()]).toEqual([true, true, false]);
      expect((await rejectionOf(handle.promise)).message).toBe("The run was cancelled: enough");
    });
  });
};
