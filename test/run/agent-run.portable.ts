import type { AgentRun } from "../../src/agent/agent.ts";
import { textDelta } from "../../src/event/known-events.ts";
import type { TurnEvent } from "../../src/event/turn-event.ts";
import type { PortableSuite } from "../support/test-api.ts";
import { createWorld, idOf, refused, request, textOf, untilStopped } from "./engine-world.ts";

const id = idOf(1);
const SESSION = "thread";

const suite: PortableSuite = ({ describe, it, expect }) => {
  it("an agent gets its turn as it was opened, whatever the caller does to its objects afterwards", async () => {
    const world = createWorld();
    let run: AgentRun | undefined;
    const engine = world.engine({
      agents: {
        writer: async function* (given) {
          run = given;
          yield textDelta("ok");
        },
      },
    });
    const tags = { plan: "pro", list: [1, null] };
    const input = { message: [{ type: "text", text: "Hello" }], agent: "writer", data: { n: 1 } };
    const opening = engine.open(request(1, { input, tags, deadlineMs: 60_000 }));
    tags.plan = "changed";
    input.data.n = 2;
    await opening;
    await world.reach(id, "completed");
    expect(run).toMatchObject({
      executionId: id,
      identity: { tenantId: "acme", sessionId: "session-1", userId: "ada", turnIndex: 1 },
      input: { message: [{ type: "text", text: "Hello" }], agent: "writer", data: { n: 1 } },
      tags: { plan: "pro", list: [1, null] },
      history: [],
      attempt: 1,
      deadline: 1_060_000,
    });
    expect(run !== undefined && "resume" in run).toBe(false);
    await world.stop(engine);
  });

  describe("history", () => {
    it("holds the latest completed attempt of each earlier turn, of this session alone", async () => {
      const world = createWorld();
      const histories = new Map<string, unknown>();
      const engine = world.engine({
        agents: {
          default: async function* ({ executionId, history, input }) {
            histories.set(
              executionId,
              history.map(({ turnIndex, role, content }) => [turnIndex, role, content]),
            );
            if (input.message === "fail") throw new Error("no");
            yield textDelta(`re: ${textOf(input)}`);
          },
        },
      });
      const play = async (n: number, message: string, more: object = {}, attempt = ""): Promise<string> => {
        const one = request(n, { session: SESSION, input: { message } });
        const executionId = one.executionId + attempt;
        await engine.open({ ...one, executionId, identity: { ...one.identity, ...more } });
        await world.until(async () => ["completed", "failed"].includes((await world.run(executionId)).state));
        return executionId;
      };
      await play(0, "zero");
      await play(1, "one");
      await play(1, "one again", {}, "~1");
      await play(1, "fail", {}, "~2");
      await play(2, "fail");
      await play(4, "later");
      await play(0, "theirs", { tenantId: "other" }, "x");
      const last = await play(3, "three");
      expect(histories.get(last)).toEqual([
        [0, "user", "zero"],
        [0, "assistant", "re: zero"],
        [1, "user", "one again"],
        [1, "assistant", "re: one again"],
      ]);
      await world.stop(engine);
    });

    it("is cut to the newest maxHistoryTurns, and holds what was persisted", async () => {
      const world = createWorld();
      let history: readonly unknown[] = [];
      const engine = world.engine({
        agents: {
          default: async function* (run) {
            history = run.history.map(({ content }) => content);
            yield textDelta("secret");
          },
        },
        hooks: { transformFinalText: (text) => text.replace("secret", "***") },
        maxHistoryTurns: 2,
      });
      for (let n = 0; n < 5; n++) {
        await engine.open(request(n, { session: SESSION }));
        await world.reach(idOf(n, SESSION), "completed");
      }
      expect(history).toEqual(["Question 2", "***", "Question 3", "***"]);
      await world.stop(engine);
    });
  });

  describe("checkpoints", () => {
    it("commit with the events before them, and refuse what is no JSON", async () => {
      const world = createWorld();
      const errors: unknown[] = [];
      const engine = world.engine({
        agents: {
          default: async function* ({ saveCheckpoint, signal }) {
            yield textDelta("one");
            await saveCheckpoint({ step: 1 });
            errors.push(await refused(saveCheckpoint(1n as unknown as number)));
            await untilStopped(signal).catch(() => undefined);
            errors.push(await refused(saveCheckpoint(2)));
            yield textDelta("late");
          },
        },
      });
      await engine.open(request(1));
      await world.until(async () => (await world.document(id, "checkpoint")) !== undefined);
      expect((await world.types(id)).slice(-2)).toEqual(["message.part.updated", "run.checkpointed"]);
      expect((await world.run(id)).keep).toBe((await world.log(id)).length);
      await engine.cancel(id);
      await world.reach(id, "cancelled");
      await world.until(() => errors.length === 2);
      expect(errors[0]).toBeInstanceOf(TypeError);
      expect(errors[1]).toMatchObject({ code: "closed" });
      expect(await world.document(id, "checkpoint")).toEqual({ step: 1 });
      await world.stop(engine);
    });
  });

  describe("invoke", () => {
    it("answers when the stream fails before any content, and says so", async () => {
      const world = createWorld();
      const engine = world.engine({
        agents: {
          default: {
            stream: async function* () {
              yield { type: "status", data: { status: "thinking" } };
              throw new Error("no streaming today");
            },
            invoke: async ({ input }) => `All at once: ${textOf(input)}`,
          },
        },
      });
      await engine.open(request(1));
      await world.reach(id, "completed");
      const log = await world.log(id);
      expect(log.find(({ type }) => type === "run.synthetic_fallback")?.data).toEqual({ reason: "no streaming today" });
      expect((await engine.inspect(id))?.finalText).toBe("All at once: Question 1");
      await world.stop(engine);
    });

    it("does not answer after content, after a stop, nor without a failure; and may itself fail", async () => {
      const world = createWorld();
      let invoked = 0;
      const invoke = async (): Promise<string> => {
        invoked++;
        throw new Error("neither");
      };
      const streams: Record<string, (run: AgentRun) => AsyncGenerator<TurnEvent>> = {
        content: async function* () {
          yield textDelta("half");
          throw new Error("cut off");
        },
        asked: async function* () {
          yield { type: "approval.requested", data: { toolName: "t", input: {} } };
          throw new Error("cut off");
        },
        fine: async function* () {
          yield { type: "status" };
        },
        both: () => {
          throw new Error("not even once");
        },
      };
      const agents = Object.fromEntries(Object.entries(streams).map(([name, stream]) => [name, { stream, invoke }]));
      const engine = world.engine({ agents });
      let n = 0;
      for (const agent of Object.keys(streams)) {
        await engine.open(request(++n, { input: { message: "x", agent } }));
        await world.reach(idOf(n), agent === "fine" ? "completed" : "failed");
      }
      expect(invoked).toBe(1);
      expect((await engine.inspect(idOf(4)))?.failure?.message).toBe("neither");
      await world.stop(engine);
    });
  });
};

export default suite;
