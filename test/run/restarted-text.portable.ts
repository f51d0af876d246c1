import type { AgentRun } from "../../src/agent/agent.ts";
import { textDelta } from "../../src/event/known-events.ts";
import { createTextAccumulator } from "../../src/event/text-accumulator.ts";
import type { TurnEvent } from "../../src/event/turn-event.ts";
import type { PortableSuite } from "../support/test-api.ts";
import { createWorld, follow, idOf, refused, request, untilStopped } from "./engine-world.ts";

// R5: what of the text survives a restart, told alike to the store and to readers.

const id = idOf(1);

interface Case {
  readonly name: string;
  readonly agent: (run: AgentRun) => AsyncGenerator<TurnEvent>;
  readonly text: string;
  /** The type of the event that `keep` names. */
  readonly keeps: string;
}

const cases: readonly Case[] = [
  {
    name: "nothing",
    keeps: "session.run.started",
    text: "second try",
    async *agent({ attempt, signal }) {
      if (attempt === 1) {
        yield textDelta("first try");
        await untilStopped(signal);
      }
      yield textDelta("second try");
    },
  },
  {
    name: "everything up to a checkpoint",
    keeps: "run.checkpointed",
    text: "kept, and told",
    async *agent({ attempt, checkpoint, saveCheckpoint, signal }) {
      if (attempt === 1) {
        yield textDelta("kept, ");
        await saveCheckpoint({ step: 1 });
        yield textDelta("lost");
        await untilStopped(signal);
      }
      if (JSON.stringify(checkpoint) === '{"step":1}') yield textDelta("and told");
    },
  },
  {
    name: "a checkpoint under cumulative text",
    keeps: "run.checkpointed",
    text: "kept, and told",
    async *agent({ attempt, saveCheckpoint, signal }) {
      if (attempt === 1) {
        yield { type: "message.part.updated", data: { part: { type: "text", text: "kept, " } } };
        await saveCheckpoint(1);
        yield { type: "message.part.updated", data: { part: { type: "text", text: "lost" } } };
        await untilStopped(signal);
      }
      yield { type: "message.part.updated", data: { part: { type: "text", text: "and told" } } };
    },
  },
  {
    name: "everything up to a suspension",
    keeps: "run.state.changed",
    text: "before, after",
    async *agent({ attempt, resume, signal }) {
      if (resume === undefined) {
        yield textDelta("before, ");
        yield { type: "approval.requested", data: { toolName: "send", input: {} } };
      } else if (attempt === 1) {
        yield textDelta("lost");
        await untilStopped(signal);
      } else yield textDelta("after");
    },
  },
  {
    name: "a suspension under cumulative text and a result",
    keeps: "run.state.changed",
    text: "before, after",
    async *agent({ attempt, resume, signal }) {
      if (resume === undefined) {
        yield { type: "message.part.updated", data: { part: { type: "text", text: "before, " } } };
        yield { type: "approval.requested", data: { toolName: "send", input: {} } };
        return;
      }
      yield { type: "message.part.updated", data: { part: { type: "text", text: "lost" } } };
      if (attempt === 1) await untilStopped(signal);
      yield { type: "result", data: { finalText: "after" } };
    },
  },
];

const suite: PortableSuite = ({ it, expect }) => {
  for (const { name, agent, text, keeps } of cases) {
    it(`R5: of the text survives a restart: ${name}`, async () => {
      const world = createWorld();
      const line = world.line();
      const agents = { default: { stream: agent, replay: "safe" as const } };
      const persisted: string[] = [];
      const hooks = {
        persistAssistantMessage: ({ finalText }: { finalText: string }) => void persisted.push(finalText),
      };
      const engine = world.engine({ line, agents, hooks });
      await engine.open(request(1));
      const lost = (events: readonly TurnEvent[]): boolean => /lost|first try/.test(JSON.stringify(events));
      await world.until(async () => {
        if ((await world.run(id)).state === "waiting_for_approval") {
          await engine.decideApproval(`${id}.1`, { decision: "approve" });
        }
        return lost(await world.log(id));
      });
      line.cut();
      const again = world.engine({ agents, hooks });
      const reader = follow(await again.attach(id));
      await world.reach(id, "completed");
      await reader.ended;
      const log = await world.log(id);
      const keep = log.find(({ type }) => type === "run.restarted")?.data?.["keep"];
      expect(log.find((event) => event.id === keep)?.type).toBe(keeps);
      expect(persisted).toEqual([text]);
      const answer = createTextAccumulator();
      for (const event of reader.events) answer.add(event);
      expect(answer.text()).toBe(text);
      await world.stop(again);
    });
  }

  it("R5: questions of a lost attempt are void, and the new attempt asks again", async () => {
    const world = createWorld();
    const line = world.line();
    const agents = {
      default: {
        replay: "safe" as const,
        stream: async function* ({ attempt, resume, signal }: AgentRun): AsyncGenerator<TurnEvent> {
          if (resume !== undefined) return void (yield textDelta(resume.approvalId));
          yield { type: "approval.requested", data: { toolName: `tool ${attempt}`, input: {} } };
          if (attempt !== 1) return;
          yield { type: "approval.requested", data: { toolName: "another", input: {} } };
          await untilStopped(signal);
        },
      },
    };
    const engine = world.engine({ line, agents });
    await engine.open(request(1));
    await world.until(async () => (await engine.inspect(id))?.approvals.length === 2);
    // Decided while its agent was still at it.
    await engine.decideApproval(`${id}.1`, { decision: "approve" });
    line.cut();
    const again = world.engine({ agents });
    again.start();
    await world.reach(id, "waiting_for_approval");
    expect((await again.inspect(id))?.approvals.map(({ status }) => status)).toEqual([
      "approved",
      "expired",
      "pending",
    ]);
    expect(await refused(again.decideApproval(`${id}.2`, { decision: "approve" }))).toMatchObject({
      code: "approval-expired",
    });
    await again.decideApproval(`${id}.3`, { decision: "approve" });
    await world.reach(id, "completed");
    expect((await again.inspect(id))?.finalText).toBe(`${id}.3`);
    await world.stop(again);
  });
};

export default suite;
