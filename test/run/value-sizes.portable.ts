import type { AgentRun } from "../../src/agent/agent.ts";
import { TurnError } from "../../src/errors.ts";
import { textDelta } from "../../src/event/known-events.ts";
import type { TurnEvent } from "../../src/event/turn-event.ts";
import type { RunEngineOptions, RunStore } from "../../src/run/index.ts";
import type { PortableSuite } from "../support/test-api.ts";
import { createWorld, follow, idOf, notedHooks, request, type World } from "./engine-world.ts";

// Stores take values up to a size. What is larger must fail what it belongs to, at once and in words, and not each write
// that it is in.

const MAX_BYTES = 4000;

function openBounded(
  world: World,
  agent: (run: AgentRun) => AsyncGenerator<TurnEvent>,
  options: Partial<RunEngineOptions> = {},
) {
  return world.engine({ maxEventBytes: MAX_BYTES, agents: { default: agent }, ...options });
}

const suite: PortableSuite = ({ it, expect }) => {
  it("an input that is too large is refused, and nothing was begun", async () => {
    const world = createWorld();
    const engine = openBounded(world, async function* () {
      yield textDelta("never");
    });
    const message = "ü".repeat(MAX_BYTES / 4);
    await expect(engine.open(request(1, { input: { message } }))).rejects.toMatchObject({ code: "too-large" });
    expect(await engine.inspect(idOf(1))).toBeUndefined();
    const fits = follow(await engine.open(request(1, { input: { message: message.slice(100) } })));
    await world.reach(idOf(1), "completed");
    expect((await fits.ended).at(-1)?.type).toBe("session.run.completed");
    await world.stop(engine);
  });

  it("T4: an answer that is too large fails its turn, and is not persisted", async () => {
    for (const status of ["failed", "completed"] as const) {
      const world = createWorld();
      const calls: string[] = [];
      const pieces = status === "failed" ? 40 : 36;
      const engine = openBounded(
        world,
        async function* () {
          for (let piece = 0; piece < pieces; piece++) yield textDelta("x".repeat(100));
        },
        { hooks: notedHooks(calls) },
      );
      await engine.open(request(1));
      await world.reach(idOf(1), status);
      expect((await world.run(idOf(1))).recoveries).toBe(0);
      expect(calls.some((call) => call.startsWith("persist"))).toBe(status === "completed");
      const failure = (await engine.inspect(idOf(1)))?.failure;
      expect(failure?.code).toBe(status === "failed" ? "too-large" : undefined);
      await world.stop(engine);
    }
  });

  it("T9: partial text that is too large is not kept, and the turn is what it was", async () => {
    const world = createWorld();
    const calls: string[] = [];
    const engine = openBounded(
      world,
      async function* () {
        for (let piece = 0; piece < 50; piece++) yield textDelta("x".repeat(100));
        throw new Error("The model is away");
      },
      { hooks: notedHooks(calls), partialText: "keep" },
    );
    await engine.open(request(1));
    await world.reach(idOf(1), "failed");
    expect((await engine.inspect(idOf(1)))?.failure?.message).toBe("The model is away");
    expect(calls.some((call) => call.startsWith("persist"))).toBe(false);
    await world.stop(engine);
  });

  it("T9: what an agent reports of its end, and no record takes, is told in short", async () => {
    const long = "x".repeat(3 * MAX_BYTES);
    const reports: readonly (readonly [type: string, data: Record<string, unknown>, throws: boolean])[] = [
      ["error", { message: long }, false],
      ["session.run.failed", { message: long }, false],
      ["session.run.failed", { message: "No", trace: long }, true],
      ["session.run.cancelled", { reason: long }, false],
    ];
    for (const [type, data, throws] of reports) {
      const world = createWorld();
      const calls: string[] = [];
      const engine = openBounded(
        world,
        async function* () {
          yield { type, data };
          if (throws) throw new Error("No");
        },
        { hooks: notedHooks(calls), store: boundedStore(world.store) },
      );
      const { ended } = follow(await engine.open(request(1)));
      await world.reach(idOf(1), type === "session.run.cancelled" ? "cancelled" : "failed");
      const { message, reason } = (await ended).at(-1)?.data ?? {};
      expect([type, String(message ?? reason).slice(0, 2)]).toEqual([type, throws ? "No" : "xx"]);
      expect([(await world.run(idOf(1))).recoveries, calls.filter((call) => call.startsWith("end"))]).toMatchObject([
        0,
        { length: 1 },
      ]);
      await world.stop(engine);
    }
  });

  it("R5: a checkpoint that is too large is refused to its agent, and what the agent says later is kept", async () => {
    const world = createWorld();
    const engine = openBounded(world, async function* ({ saveCheckpoint }) {
      yield textDelta("before ");
      const code = await saveCheckpoint("x".repeat(MAX_BYTES)).catch((error: { code: string }) => error.code);
      yield textDelta(String(code));
    });
    await engine.open(request(1));
    await world.reach(idOf(1), "completed");
    expect((await engine.inspect(idOf(1)))?.finalText).toBe("before too-large");
    await world.stop(engine);
  });

  it("R6: a question that is too large to be shown fails its turn", async () => {
    const world = createWorld();
    const engine = openBounded(world, async function* () {
      yield { type: "approval.requested", data: { toolName: "pay", input: "x".repeat(MAX_BYTES) } };
    });
    await engine.open(request(1));
    await world.reach(idOf(1), "failed");
    expect(await engine.inspect(idOf(1))).toMatchObject({ approvals: [], failure: { code: "too-large" } });
    await world.stop(engine);
  });
};

/** Takes no value much above the bound: the text that describes a failure has its own, and an event names its turn. */
function boundedStore(store: RunStore): RunStore {
  const check = (value: unknown): void => {
    if (JSON.stringify(value).length > 2 * MAX_BYTES) throw new TurnError("too-large", "No row takes this");
  };
  return {
    close: () => store.close(),
    transact: (body) =>
      store.transact((tx) =>
        body(
          new Proxy(tx, {
            get(target, name) {
              const method: unknown = Reflect.get(target, name);
              if (typeof method !== "function") return method;
              return (...args: unknown[]): unknown => {
                if (name === "putDocument") check(args[2]);
                if (name === "appendEvents") (args[2] as readonly unknown[]).forEach(check);
                return Reflect.apply(method, target, args) as unknown;
              };
            },
          }),
        ),
      ),
  };
}

export default suite;
