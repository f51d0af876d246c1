import { createRunEngine, memoryStore, type RunEngineOptions } from "../../src/run/index.ts";
import type { OpenRequest } from "../../src/substrate/index.ts";
import type { PortableSuite } from "../support/test-api.ts";
import { createWorld, echo, idOf, refused, request } from "./engine-world.ts";

const NUMBERS: readonly unknown[] = [-1, NaN, -Infinity, "5", null, {}, 1n];

const suite: PortableSuite = ({ describe, it, expect }) => {
  describe("createRunEngine refuses at once", () => {
    const make = (options: object): unknown =>
      createRunEngine({ store: memoryStore(), agents: { default: echo }, ...options } as RunEngineOptions);
    const bad: Readonly<Record<string, readonly unknown[]>> = {
      store: [undefined, null, {}, { transact: 1 }],
      agents: [
        undefined,
        null,
        {},
        [],
        { a: 1 },
        { a: {} },
        { a: { stream: echo, invoke: 1 } },
        { a: { stream: echo, replay: "yes" } },
      ],
      hooks: [1, [], { produce: echo }, { onEvent: 1 }, { persistAssistantMessage: "x" }],
      maxConcurrentRuns: [...NUMBERS, 0, 1.5, Infinity],
      leaseMs: [...NUMBERS, 0, Infinity],
      heartbeatMs: [...NUMBERS, 0, Infinity, 15_000, 20_000],
      pollMs: [...NUMBERS, 0, Infinity],
      appendEveryMs: [...NUMBERS, Infinity],
      maxEventBytes: [...NUMBERS, 0, 1.5, Infinity],
      wake: [1, "soon", null, {}],
      workerId: ["", " ", 7, null],
      session: ["queue", 1, null, ""],
      recovery: [{ maxAttempts: -1 }, { maxAttempts: NaN }, { maxAttempts: 1.5 }, { maxAttempts: Infinity }, 7],
      retention: [{ maxAgeMs: -1 }, { maxAgeMs: NaN }, { maxAgeMs: Infinity }, { maxRuns: -1 }, { maxRuns: 0.5 }, 7],
      maxHistoryTurns: [...NUMBERS, 0.5, Infinity],
      partialText: ["some", 1],
      hookTimeoutMs: [0, -1, NaN, "1"],
      describeError: [1],
      log: [1],
      clock: [1, {}, { now: () => 1 }],
    };
    for (const [name, values] of Object.entries(bad)) {
      it(name, () => {
        for (const value of values) {
          let error: unknown;
          try {
            make({ [name]: value });
          } catch (thrown) {
            error = thrown;
          }
          const typed = error instanceof TypeError || error instanceof RangeError;
          expect({ value: String(value), typed }).toEqual({ value: String(value), typed: true });
          expect((error as Error).message).toContain(name);
        }
      });
    }

    it("what is no options at all", () => {
      expect(() => createRunEngine(undefined as unknown as RunEngineOptions)).toThrow(TypeError);
    });
  });

  describe("open refuses, and starts nothing", () => {
    const bad: Readonly<Record<string, readonly unknown[]>> = {
      executionId: [undefined, "", " ", 7],
      identity: [
        undefined,
        {},
        { tenantId: "t" },
        { ...request(1).identity, turnIndex: -1 },
        { ...request(1).identity, turnIndex: 1.5 },
      ],
      input: [
        undefined,
        "text",
        {},
        { message: 7 },
        { message: "x", agent: 7 },
        { message: "x", data: 1n },
        { message: "x", data: () => 1 },
      ],
      priority: [NaN, Infinity, "1", null],
      tags: [7, [], { a: 1n }, { a: Symbol("x") }],
      deadlineMs: [0, -1, NaN, "1"],
      after: ["x", "-1", "", 7],
    };
    for (const [name, values] of Object.entries(bad)) {
      it(name, async () => {
        const world = createWorld();
        const engine = world.engine();
        for (const value of values) {
          const error = await refused(engine.open({ ...request(1), [name]: value } as OpenRequest));
          const typed = error instanceof TypeError || error instanceof RangeError || error.code === "invalid-request";
          expect({ name, value: String(value), typed, error: error.message }).toMatchObject({ typed: true });
        }
        await world.clock.advance(500);
        expect(await engine.list({})).toEqual([]);
        await world.stop(engine);
      });
    }
  });

  it("an unknown agent is agent-not-found, and starts nothing", async () => {
    const world = createWorld();
    const engine = world.engine();
    const asked = request(1, { input: { message: "x", agent: "nobody" } });
    expect(await refused(engine.open(asked))).toMatchObject({
      code: "agent-not-found",
      message: 'There is no agent "nobody"; this engine has "default"',
    });
    expect(await engine.list({})).toEqual([]);
    await world.stop(engine);
  });

  it("a run is opened again, read and compared also where its agent is gone", async () => {
    const world = createWorld();
    const engine = world.engine();
    await engine.open(request(1));
    await world.reach(idOf(1), "completed");
    const other = world.engine({ agents: { another: echo } });
    expect((await other.open(request(1))).created).toBe(false);
    const changed = request(1, { input: { message: "Something else" } });
    expect(await refused(other.open(changed))).toMatchObject({ code: "execution-conflict" });
    await world.stop(engine);
    await world.stop(other);
  });

  it("another input, tenant, session or turn for a known id is execution-conflict, and says what differs", async () => {
    const world = createWorld();
    const engine = world.engine();
    await engine.open(request(1, { tags: { a: 1 } }));
    const { identity, input } = request(1);
    const others: readonly (readonly [string, Partial<OpenRequest>])[] = [
      ["input", { input: { ...input, data: 1 } }],
      ["tenant", { identity: { ...identity, tenantId: "x" } }],
      ["session", { identity: { ...identity, sessionId: "x" } }],
      ["turn index", { identity: { ...identity, turnIndex: 2 } }],
    ];
    for (const [what, change] of others) {
      expect(await refused(engine.open(request(1, change)))).toMatchObject({
        code: "execution-conflict",
        message: `Execution ${idOf(1)} exists with another ${what}; a new attempt needs an id of its own`,
      });
    }
    // What is not compared: tags, priority, deadline, user, and the agent's default name.
    const same = { ...request(1), priority: 9, deadlineMs: 5, input: { ...input, agent: "default" } };
    expect((await engine.open(same)).created).toBe(false);
    await world.stop(engine);
  });

  it("what its caller changes of a request after open changes nothing of the turn", async () => {
    const world = createWorld();
    const engine = world.engine();
    const given = { ...request(1), tags: { a: 1 } };
    const identity = { ...given.identity };
    const input = { message: "Mine" };
    const opened = engine.open({ ...given, identity, input });
    Object.assign(identity, { tenantId: "other", sessionId: "other", turnIndex: 7 });
    Object.assign(input, { message: "Other" });
    Object.assign(given.tags, { a: 2 });
    await opened;
    expect(await world.run(idOf(1))).toMatchObject(given.identity);
    expect(await world.document(idOf(1), "input")).toMatchObject({ message: "Mine" });
    expect(await world.document(idOf(1), "tags")).toEqual({ a: 1 });
    await world.stop(engine);
  });

  it("unknown executions and cursors that cannot be are refused by attach, and unknown to inspect", async () => {
    const world = createWorld();
    const engine = world.engine();
    expect(await refused(engine.attach("nothing"))).toMatchObject({ code: "execution-not-found" });
    expect(await engine.inspect("nothing")).toBeUndefined();
    await engine.open(request(1));
    await world.reach(idOf(1), "completed");
    expect(await refused(engine.attach(idOf(1), { after: "999" }))).toMatchObject({ code: "cursor-ahead" });
    expect(await refused(engine.attach(idOf(1), { after: "one" }))).toMatchObject({ code: "invalid-request" });
    expect(await refused(engine.attach(7 as unknown as string))).toBeInstanceOf(TypeError);
    for (const graceMs of [-1, NaN, Infinity, "5"]) {
      expect(() => engine.stop({ graceMs: graceMs as number })).toThrow(RangeError);
    }
    expect((await engine.inspect(idOf(1)))?.state).toBe("completed");
    await world.stop(engine);
  });
};

export default suite;
