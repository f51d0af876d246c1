import { textDelta } from "../../src/event/known-events.ts";
import type { TurnEvent } from "../../src/event/turn-event.ts";
import type { RunEngineOptions } from "../../src/run/index.ts";
import type { PortableSuite } from "../support/test-api.ts";
import { createWorld, idOf, notedHooks, refused, request, type World } from "./engine-world.ts";

const id = idOf(1);
const identity = { tenantId: "acme", sessionId: "session-1", userId: "ada", turnIndex: 1 };

type Stream = () => AsyncGenerator<TurnEvent>;

async function play(
  stream: Stream,
  options: Partial<RunEngineOptions> = {},
): Promise<{ world: World; calls: string[]; types: string[] }> {
  const world = createWorld();
  const calls: string[] = [];
  const hooks = { ...notedHooks(calls), ...options.hooks };
  const engine = world.engine({ agents: { default: stream }, ...options, hooks });
  await engine.open(request(1));
  await world.until(async () => ["completed", "failed", "cancelled"].includes((await world.run(id)).state));
  await world.clock.advance(500);
  await world.stop(engine);
  return { world, calls, types: await world.types(id) };
}

const answer: Stream = async function* () {
  yield textDelta("Hello");
};

const suite: PortableSuite = ({ describe, it, expect }) => {
  it("hooks are told which turn it is", async () => {
    const told: [string, unknown][] = [];
    const subject = { identity, executionId: id };
    await play(answer, {
      hooks: {
        onEvent: (_event, turn) => void told.push(["onEvent", turn]),
        transformFinalText: (text, turn) => {
          told.push(["transformFinalText", turn]);
          return text;
        },
        persistAssistantMessage: (turn) => void told.push(["persist", turn]),
        onTurnComplete: (turn) => void told.push(["complete", turn]),
        onTurnEnd: (turn) => void told.push(["end", turn]),
        traceFlush: (turn) => void told.push(["flush", turn]),
      },
    });
    const settled = { ...subject, finalText: "Hello", outcome: "completed" };
    expect(
      told.filter(([name]) => name === "onEvent").every(([, turn]) => JSON.stringify(turn) === JSON.stringify(subject)),
    ).toBe(true);
    expect(told.filter(([name]) => name !== "onEvent")).toEqual([
      ["transformFinalText", subject],
      ["persist", settled],
      ["complete", settled],
      ["end", settled],
      ["flush", subject],
    ]);
  });

  it("onEvent sees what readers see, in order, each once: with its id, and after it is stored", async () => {
    const world = createWorld();
    const seen: TurnEvent[] = [];
    const engine = world.engine({
      agents: {
        default: async function* ({ resume }) {
          yield textDelta("a");
          yield { type: "session.run.completed", data: {} };
          yield { type: "custom", id: "99", data: { x: 1 } };
          if (resume === undefined) yield { type: "approval.requested", data: { toolName: "t", input: {} } };
        },
      },
      hooks: { onEvent: (event, turn) => void (turn.executionId === id && seen.push(event)) },
      maxConcurrentRuns: 1,
    });
    await engine.open(request(2));
    await engine.open(request(1));
    await world.until(async () => (await world.run(id)).state === "waiting_for_approval");
    await engine.decideApproval(`${id}.1`, { decision: "approve" });
    await world.reach(id, "completed");
    await world.stop(engine);
    const log = await world.log(id);
    expect(seen).toEqual(log);
    expect(log.filter(({ type }) => type === "custom").map((event) => event.id)).not.toContain("99");
    expect(log.filter(({ type }) => type === "session.run.completed")).toHaveLength(1);
  });

  it("T3: completed is stored only after persist has finished", async () => {
    let release: () => void = () => undefined;
    const world = createWorld();
    const engine = world.engine({
      hooks: { persistAssistantMessage: () => new Promise<void>((resolve) => void (release = resolve)) },
    });
    await engine.open(request(1));
    await world.reach(id, "settling");
    await world.clock.advance(1000);
    expect(await world.types(id)).not.toContain("session.run.completed");
    release();
    await world.reach(id, "completed");
    await world.stop(engine);
  });

  describe("T4: failing hooks", () => {
    it("transform: the turn fails, nothing is persisted", async () => {
      const { calls, types, world } = await play(answer, {
        hooks: {
          transformFinalText: () => {
            throw new Error("no redaction");
          },
        },
      });
      expect(calls).toEqual(["end failed", "flush"]);
      expect(types.slice(-2)).toEqual(["error", "session.run.failed"]);
      expect(await world.document(id, "outcome")).toMatchObject({ finalText: "", persisted: false });
    });

    it("persist: the turn fails, and onTurnComplete is skipped", async () => {
      const { calls, types } = await play(answer, {
        hooks: { persistAssistantMessage: () => Promise.reject(new Error("no disk")) },
      });
      expect(calls).toEqual(["transform", "end failed", "flush"]);
      expect(types.slice(-2)).toEqual(["error", "session.run.failed"]);
    });

    it("persist, late: hook-timeout, and its success later is logged", async () => {
      const world = createWorld();
      let release: () => void = () => undefined;
      const engine = world.engine({
        hooks: { persistAssistantMessage: () => new Promise<void>((resolve) => void (release = resolve)) },
        hookTimeoutMs: 700,
      });
      await engine.open(request(1));
      await world.reach(id, "failed");
      expect((await engine.inspect(id))?.failure?.code).toBe("hook-timeout");
      release();
      await world.clock.advance(100);
      expect(world.logs.map(({ message }) => message)).toContain(
        "persistAssistantMessage finished after its time was up",
      );
      await world.stop(engine);
    });

    it("the others: logged, and nothing changes", async () => {
      const boom = (): never => {
        throw new Error("boom");
      };
      const { types, world } = await play(answer, {
        hooks: { onTurnComplete: boom, onTurnEnd: boom, traceFlush: boom, onEvent: boom },
      });
      expect(types.at(-1)).toBe("session.run.completed");
      const messages = new Set(world.logs.map(({ message }) => message));
      for (const name of ["onTurnComplete", "onTurnEnd", "traceFlush", "onEvent"]) {
        expect(messages.has(`${name} failed`)).toBe(true);
      }
    });
  });

  it("T8: an event that cannot be encoded is replaced, and the turn goes on", async () => {
    const cycle: Record<string, unknown> = {};
    cycle["self"] = cycle;
    const { world, types } = await play(async function* () {
      yield { type: "custom", data: cycle };
      yield { type: "custom", data: { big: 1n } };
      yield textDelta("Hello");
    });
    const custom = (await world.log(id)).filter(({ type }) => type === "custom");
    expect(custom.map(({ data }) => Object.keys(data ?? {}))).toEqual([["encodingError"], ["encodingError"]]);
    expect(types.at(-1)).toBe("session.run.completed");
  });

  const table: readonly (readonly [string, Stream, "drop" | "keep", string[], string[]])[] = [
    [
      "reported by error",
      async function* () {
        yield textDelta("half");
        yield { type: "error", data: { message: "no", code: "x" } };
      },
      "drop",
      ["transform", "persist half", "complete failed", "end failed", "flush"],
      ["error", "run.state.changed", "session.run.failed"],
    ],
    [
      "reported by session.run.failed",
      async function* () {
        yield textDelta("half");
        yield { type: "session.run.failed", data: { message: "no", retry: 1 } };
      },
      "drop",
      ["transform", "persist half", "complete failed", "end failed", "flush"],
      ["run.state.changed", "error", "session.run.failed"],
    ],
    ["thrown", throwing, "drop", ["end failed", "flush"], ["run.state.changed", "error", "session.run.failed"]],
    [
      "thrown, with the text kept",
      throwing,
      "keep",
      ["transform", "persist half", "end failed", "flush"],
      ["run.state.changed", "error", "session.run.failed"],
    ],
  ];
  for (const [what, stream, partialText, hooks, last] of table) {
    it(`T9: a failure ${what}`, async () => {
      const { calls, types } = await play(stream, { partialText });
      expect(calls).toEqual(hooks);
      expect(types.slice(-3)).toEqual(last);
    });
  }

  it("hooks that are methods keep their this, private fields and all, also where nothing is persisted", async () => {
    class Watch {
      readonly #ended: string[] = [];
      onTurnEnd({ finalText }: { finalText: string }): void {
        this.#ended.push(finalText);
      }
      ended(): readonly string[] {
        return this.#ended;
      }
    }
    const world = createWorld();
    const hooks = new Watch();
    const engine = world.engine({ hooks });
    await engine.open(request(1));
    await world.reach(id, "completed");
    expect(hooks.ended()).toEqual(["Echo: Question 1"]);
    await world.stop(engine);
  });

  it("hooks that are methods keep their this", async () => {
    class Hooks {
      readonly saved: string[] = [];
      persistAssistantMessage({ finalText }: { finalText: string }): void {
        this.saved.push(finalText);
      }
    }
    const world = createWorld();
    const hooks = new Hooks();
    const engine = world.engine({ hooks });
    await engine.open(request(1));
    await world.reach(id, "completed");
    expect(hooks.saved).toEqual(["Echo: Question 1"]);
    await world.stop(engine);
    expect(
      await refused(Promise.resolve().then(() => world.engine({ hooks: { produce: 1 } as object }))),
    ).toBeInstanceOf(TypeError);
  });
};

async function* throwing(): AsyncGenerator<TurnEvent> {
  yield textDelta("half");
  throw new Error("cut off");
}

export default suite;
