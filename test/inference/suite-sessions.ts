import { type BehaviourSuite, createBench, later, never, rejectionOf, texts, typesOf } from "./suite-support.ts";
import type { InferenceEvent } from "../../src/inference/index.ts";

export const sessionSuite: BehaviourSuite = ({ describe, it, expect }, core) => {
  const { turns, engines, consts } = core;

  describe("module", () => {
    it("has what script authors know", () => {
      for (const name of ["createSession", "createBuilder", "runInference"] as const) {
        expect(typeof core[name], name).toBe("function");
      }
      expect(core.version).toMatch(/^\d+\.\d+\.\d+/);
      expect(consts.BlockKind.TOOL_CALL).toBe("tool_call");
      expect(consts.EventType.PARTIAL_THINKING).toBe("partial-thinking");
      expect(Object.values(consts.HookAction)).toEqual(["abort", "retry", "continue"]);
      expect(Object.values(consts.ToolChoice)).toEqual(["auto", "none", "required"]);
      expect(Object.values(consts.ToolErrorHandling)).toEqual(["continue", "abort", "retry"]);
      expect(consts.PayloadKeys.TEXT).toBe("text");
      expect(consts.TurnMetadataKeys.SESSION_ID).toBe("session_id");
    });
  });

  describe("turns", () => {
    it("makes blocks of each kind", () => {
      expect(turns.newUserBlock("a")).toEqual({ kind: "user", role: "user", payload: { text: "a" } });
      expect(turns.newSystemBlock("a")).toEqual({ kind: "system", role: "system", payload: { text: "a" } });
      expect(turns.newAssistantBlock("a")).toEqual({ kind: "llm_text", role: "assistant", payload: { text: "a" } });
      expect(turns.newToolCallBlock("c", "add", { a: 1 })).toEqual({
        id: "c",
        kind: "tool_call",
        role: "assistant",
        payload: { id: "c", name: "add", args: { a: 1 } },
      });
      expect(turns.newToolUseBlock("c", 3).payload).toStrictEqual({ id: "c", result: 3 });
      expect(turns.newToolUseBlock("c", null, "no").payload).toStrictEqual({ id: "c", result: null, error: "no" });
    });

    it("appends to a new turn, and copies what it is given", () => {
      const block = turns.newUserBlock("a");
      const one = turns.newTurn({ id: "t", blocks: [block] });
      const two = turns.appendBlock(one, turns.newAssistantBlock("b"));
      expect([one.blocks.length, two.blocks.length, two.id]).toEqual([1, 2, "t"]);
      block.payload = { text: "changed" };
      expect(texts(two)).toEqual(["user: a", "llm_text: b"]);
    });

    it("normalizes: missing blocks, unknown kinds, __proto__ as data", () => {
      expect(turns.normalize({})).toEqual({ blocks: [] });
      expect(turns.normalize({ blocks: [{ kind: "image" }] }).blocks[0]?.kind).toBe("other");
      const odd = JSON.parse('{"blocks":[],"data":{"__proto__":{"x":1}}}') as object;
      const copy = turns.normalize(odd);
      expect(Object.keys(copy.data ?? {})).toEqual(["__proto__"]);
      expect((copy.data as { x?: unknown }).x).toBe(undefined);
    });

    it("refuses what is none, naming the place", () => {
      expect(() => turns.normalize({ blocks: 1 as never })).toThrow("turn.blocks must be an array, got 1");
      expect(() => turns.newTurn({ blocks: [{} as never] })).toThrow("turn.blocks[0].kind must be one of");
      expect(() => turns.newTurn({ blocks: [{ kind: "user", payload: "x" as never }] })).toThrow("payload");
      expect(() => turns.newToolCallBlock("", "n", {})).toThrow(TypeError);
      const cycle: Record<string, unknown> = {};
      cycle["self"] = cycle;
      expect(() => turns.newTurn({ data: cycle })).toThrow(/levels|stack/);
    });
  });

  describe("engines", () => {
    it("echo answers with its reply, or with what it was asked", () => {
      const { session, user } = createBench(core);
      expect(texts(session({ engine: engines.echo({ reply: "hi" }) }).run(user("x")))).toEqual([
        "user: x",
        "llm_text: hi",
      ]);
      expect(texts(session({ engine: engines.echo() }).run(user("x")))).toEqual(["user: x", "llm_text: x"]);
    });

    it("fromFunction: a returned turn, and one changed in place where nothing is returned", async () => {
      const { session, user } = createBench(core);
      const returned = engines.fromFunction((turn) => turns.appendBlock(turn, turns.newAssistantBlock("a")));
      expect(texts(session({ engine: returned }).run(user("x"))).at(-1)).toBe("llm_text: a");
      const inPlace = engines.fromFunction((turn) => void turn.blocks.push(turns.newAssistantBlock("b")));
      expect(texts(session({ engine: inPlace }).run(user("x"))).at(-1)).toBe("llm_text: b");
      const slow = engines.fromFunction(later((turn) => void turn.blocks.push(turns.newAssistantBlock("c"))));
      expect(texts(await session({ engine: slow }).runAsync(user("x"))).at(-1)).toBe("llm_text: c");
    });

    it("host and fromConfig ask the host when they are used, and say clearly when it has none", () => {
      const asked: unknown[] = [];
      const {
        core: own,
        session,
        user,
      } = createBench(core, {
        host: {
          engine: (name) => {
            asked.push(name);
            return name === "fast" ? (turn) => turns.appendBlock(turn, turns.newAssistantBlock("fast")) : undefined;
          },
          resolveEngine: ({ provider }) => (provider === "p" ? (turn) => turn : undefined),
        },
      });
      const fast = own.engines.host("fast");
      expect(asked).toEqual([]);
      expect(texts(session({ engine: fast }).run(user("x"))).at(-1)).toBe("llm_text: fast");
      expect(() => session({ engine: own.engines.host("none") }).run(user("x"))).toThrow(
        "The host gives no engine none",
      );
      session({ engine: own.engines.fromConfig({ provider: "p", model: "m" }) }).run(user("x"));
      const unknown = session({ engine: own.engines.fromConfig({ provider: "q", model: "m" }) });
      expect(() => unknown.run(user("x"))).toThrow("The host resolves no engine for q/m");
      const none = createBench(core);
      expect(() => none.session({ engine: core.engines.fromConfig({}) }).run(none.user("x"))).toThrow(
        "resolves no engine",
      );
    });

    it("an engine that answers no turn fails the run", () => {
      const { session, user } = createBench(core);
      const engine = engines.fromFunction(() => ({ nonsense: 1 }) as never, "odd");
      expect(() => session({ engine }).run(user("x"))).toThrow("The answer of the engine odd.blocks must be an array");
    });
  });

  describe("sessions", () => {
    it("keep history: append, turns, turnCount, getTurn, turnsRange, latest, all as copies", () => {
      const { session, user } = createBench(core);
      const one = session({ engine: engines.echo() });
      const given = ["a", "b", "c"].map((text) => ({ ...user(text), id: text }));
      for (const turn of given) one.append(turn);
      for (const turn of given) turn.blocks.pop();
      expect(one.turnCount()).toBe(3);
      expect(one.turnsRange(1).map(({ id }) => id)).toEqual(["b", "c"]);
      expect(one.turnsRange(0, 2).map(({ id }) => id)).toEqual(["a", "b"]);
      expect([one.getTurn(1)?.id, one.getTurn("c")?.id, one.getTurn(9)]).toEqual(["b", "c", undefined]);
      const latest = one.latest();
      latest?.blocks.pop();
      one.turns().pop();
      expect([one.latest()?.blocks.length, one.turnCount()]).toEqual([1, 3]);
    });

    it("a run with a seed adds one turn, its result; one without answers the latest", () => {
      const { session, user } = createBench(core);
      const one = session({ engine: engines.echo({ reply: "r" }) });
      const answer = one.run(user("x"));
      expect(one.turnCount()).toBe(1);
      answer.blocks.pop();
      expect(texts(one.latest())).toEqual(["user: x", "llm_text: r"]);
      one.append(user("y"));
      one.run();
      expect([one.turnCount(), texts(one.latest()).at(-1)]).toEqual([2, "llm_text: r"]);
      expect(() => session({ engine: engines.echo() }).run()).toThrow("There is no turn to run");
    });

    it("the seed stays as it was, and the result knows its session and run", () => {
      const { session } = createBench(core);
      const seed = turns.newTurn({ blocks: [turns.newUserBlock("x")] });
      const answer = session({ engine: engines.echo() }).run(seed);
      expect(seed).toEqual({ blocks: [turns.newUserBlock("x")] });
      expect(answer.metadata).toMatchObject({ session_id: "s" });
      expect(typeof answer.id).toBe("string");
    });

    it("only one inference is active: the others are refused and change nothing", async () => {
      const { session, user } = createBench(core);
      const one = session({ engine: engines.fromFunction(never) });
      expect(one.isRunning()).toBe(false);
      const handle = one.start(user("x"));
      expect(one.isRunning()).toBe(true);
      const message = "session already has an active inference";
      expect(() => one.run(user("y"))).toThrow(message);
      expect(() => one.start(user("y"))).toThrow(message);
      expect((await rejectionOf(one.runAsync(user("y")))).message).toBe(message);
      expect(one.turnCount()).toBe(0);
      expect(one.cancelActive()).toBe(true);
      expect(one.isRunning()).toBe(false);
      expect((await rejectionOf(handle.promise)).code).toBe("cancelled");
      expect([one.cancelActive(), one.turnCount()]).toEqual([false, 0]);
    });

    it("options that are misused are refused before anything happens", async () => {
      const { session, user } = createBench(core);
      const one = session({ engine: engines.echo() });
      expect(() => one.run(user("x"), { timeoutMs: -1 })).toThrow(RangeError);
      expect(() => one.start(user("x"), { timeoutMs: Number.NaN })).toThrow("options.timeoutMs");
      expect((await rejectionOf(one.runAsync(user("x"), { timeoutMs: -1 }))).message).toMatch("timeoutMs");
      expect(() => one.run(user("x"), { tags: [] as never })).toThrow("options.tags must be an object");
      expect(() => one.run({} as never)).toThrow("seed.blocks");
      expect([one.isRunning(), one.turnCount()]).toEqual([false, 0]);
      expect(() => session({ engine: engines.echo(), middelwares: [] } as never)).toThrow("An option of a session");
    });

    it("a builder builds sessions, and runInference runs without one", async () => {
      const { user } = createBench(core);
      const seen: string[] = [];
      const note = (name: string) =>
        core.middlewares.fromJS((turn, next) => {
          seen.push(name);
          return next(turn);
        }, name);
      const built = core
        .createBuilder()
        .withEngine(engines.echo({ reply: "r" }))
        .useMiddleware(note("outer"))
        .useMiddleware(note("inner"))
        .withTools(core.tools.createRegistry(), { maxIterations: 2 })
        .withToolLoop({ maxIterations: 3 })
        .withToolHooks({})
        .buildSession({ sessionId: "mine" });
      expect(texts(built.run(user("x"))).at(-1)).toBe("llm_text: r");
      expect([seen, built.sessionId]).toEqual([["outer", "inner"], "mine"]);
      expect(() => core.createBuilder().buildSession()).toThrow("withEngine");
      const direct = core.runInference(engines.echo({ reply: "q" }), user("x"), { tags: { a: 1 } });
      expect(direct instanceof Promise).toBe(false);
      const waited = core.runInference(
        later((turn) => turn),
        user("x"),
      );
      expect(waited instanceof Promise).toBe(true);
      expect(texts(await waited)).toEqual(["user: x"]);
    });
  });

  describe("run()", () => {
    it("completes synchronously, events included", () => {
      const { session, user } = createBench(core);
      const events: InferenceEvent[] = [];
      const answer = session({ engine: engines.echo({ reply: "r" }) }).run(user("x"), {
        onEvent: (e) => events.push(e),
      });
      expect(typesOf(events)).toEqual(["start", "final"]);
      expect(events.at(-1)).toMatchObject({ text: "r", sessionId: "s", turnId: "t" });
      expect(answer.blocks.length).toBe(2);
    });

    it("refuses at once, naming what was asynchronous and what to use", async () => {
      const { session, user } = createBench(core);
      const slow = engines.fromFunction(
        later((turn) => turn),
        "slow",
      );
      const echo = engines.echo();
      const registry = core.tools.createRegistry().register({ name: "wait", handler: async () => 1 });
      const calling = () =>
        engines.fromFunction((turn) => void turn.blocks.push(turns.newToolCallBlock("c", "wait", {})));
      const cases: readonly (readonly [string, Parameters<typeof session>[0]])[] = [
        ["the engine slow", { engine: slow }],
        [
          "the middleware lazy",
          { engine: echo, middlewares: [core.middlewares.fromJS(async (t, next) => next(t), "lazy")] },
        ],
        ["the engine slow", { engine: slow, middlewares: [(t, next) => next(t)] }],
        ["the tool wait", { engine: calling(), tools: registry }],
        [
          "the hook beforeToolCall",
          { engine: calling(), tools: registry, toolHooks: { beforeToolCall: async () => undefined } },
        ],
      ];
      for (const [what, options] of cases) {
        const one = session(options);
        const message = `run() cannot wait, and ${what} is asynchronous: use runAsync() or start()`;
        expect(() => one.run(user("x")), what).toThrow(message);
        expect([one.isRunning(), one.turnCount()], what).toEqual([false, 0]);
      }
      const swallowing = session({
        engine: slow,
        middlewares: [
          (turn, next) => {
            try {
              return next(turn);
            } catch {
              return turn;
            }
          },
        ],
      });
      expect(() => swallowing.run(user("x"))).toThrow("the engine slow");
      expect(texts(await swallowing.runAsync(user("x")))).toEqual(["user: x"]);
    });

    it("a callback that starts a run on the same session is refused, and deadlocks nothing", () => {
      const { session, user } = createBench(core);
      const one: ReturnType<typeof session> = session({ engine: engines.fromFunction((turn) => one.run(turn)) });
      expect(() => one.run(user("x"))).toThrow("session already has an active inference");
      const other = session({ engine: engines.echo({ reply: "inner" }) });
      const outer = session({ engine: engines.fromFunction((turn) => other.run(turn)) });
      expect(texts(outer.run(user("x"))).at(-1)).toBe("llm_text: inner");
    });

    it("looks at its time between steps", () => {
      let now = 1_000;
      const clock = { now: () => now, after: () => () => undefined };
      const { session, user } = createBench(core, { clock });
      const engine = engines.fromFunction((turn) => void ((now += 100), turn));
      const one = session({ engine });
      expect(() => one.run(user("x"), { timeoutMs: 100 })).toThrow("longer than its timeoutMs");
      expect(one.run(user("x"), { timeoutMs: 101 }).blocks.length).toBe(1);
      expect(one.turnCount()).toBe(1);
    });
  });
};
