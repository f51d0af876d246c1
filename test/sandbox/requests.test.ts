import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Clock, TurnEvent } from "../../src/index.ts";
import { systemClock } from "../../src/internal/clock.ts";
import { nextTimer } from "../../src/internal/macrotask.ts";
import { sandboxSubstrate } from "../../src/sandbox/index.ts";
import { createFakeBox } from "../support/orchestrator/fake-box.ts";
import { type Orchestrator, startOrchestrator } from "../support/orchestrator/orchestrator.ts";
import { recordedAgent, recordedEvents, recordedText } from "../support/orchestrator/recorded-run.ts";
import { accessBy, transports } from "./transports.ts";
import { hasty, identity, newExecutionId, playSubstrate } from "./play-sandbox.ts";

let orchestrator: Orchestrator;
beforeEach(async () => {
  orchestrator = await startOrchestrator({ agent: recordedAgent });
});
afterEach(() => orchestrator.close());

const input = { message: "Hello" };

async function readAll(events: AsyncIterable<TurnEvent>): Promise<TurnEvent[]> {
  const all: TurnEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

describe("which request is sent when, by HTTP", () => {
  const create = (options = {}) => sandboxSubstrate(orchestrator, { retry: hasty, ...options });

  it("a turn that nobody knows: looked for, then dispatched", async () => {
    const executionId = newExecutionId();
    await playSubstrate(create(), { executionId });
    const events = `/agents/run/${encodeURIComponent(executionId)}/events`;
    expect(orchestrator.requests).toEqual([`GET ${events}`, "POST /agents/run/stream"]);
  });

  it("a stream that was cut off: only read on, never posted again", async () => {
    orchestrator.cut = ({ index }) => (index < 4 ? { how: "reset", events: 2 } : undefined);
    await playSubstrate(create(), { executionId: newExecutionId() });
    expect(orchestrator.requests.filter((request) => request.startsWith("POST"))).toHaveLength(1);
    expect(orchestrator.requests).toHaveLength(6);
  });

  it("a dispatch that got no answer: the same turn again, which finds its run", async () => {
    orchestrator.cut = ({ index }) => (index === 0 ? { how: "reset", silently: true } : undefined);
    const { outcome } = await playSubstrate(create(), { executionId: newExecutionId() });
    expect(outcome.status).toBe("completed");
    expect(orchestrator.prompts).toBe(1);
  });

  it("a cursor: the run is read on, and never started", async () => {
    const open = create().open({ executionId: newExecutionId(), identity, input, after: "7" });
    await expect(open).rejects.toMatchObject({ code: "cursor-gap", retryable: false });
    expect(orchestrator.requests.filter((request) => request.startsWith("POST"))).toEqual([]);
  });

  it("asks for a claim once before it dispatches, and not to join", async () => {
    const claimed: string[] = [];
    const claim = async (id: string) => claimed.push(id) === 1;
    orchestrator.cut = ({ index }) => (index === 0 ? { how: "reset", silently: true } : undefined);
    const executionId = newExecutionId();
    await playSubstrate(create({ claim }), { executionId });
    await playSubstrate(create({ claim }), { executionId });
    expect(claimed).toEqual([executionId]);
    orchestrator.expire(executionId);
    const refused = await playSubstrate(create({ claim }), { executionId });
    expect(refused.outcome).toMatchObject({ status: "failed", failure: { code: "cursor-gap" } });
    expect({ claimed, prompts: orchestrator.prompts }).toEqual({ claimed: [executionId, executionId], prompts: 1 });
  });
});

describe.each(transports)("a run that is over, or that the sandbox has dropped, by %s", (transport) => {
  const create = (options = {}) => sandboxSubstrate(accessBy(transport, orchestrator), { retry: hasty, ...options });

  it("is cursor-gap to the process that knows it, and its result to inspect", async () => {
    const substrate = create();
    const executionId = newExecutionId();
    await playSubstrate(substrate, { executionId });
    orchestrator.expire(executionId);
    await expect(substrate.attach(executionId).then(({ events }) => readAll(events))).rejects.toMatchObject({
      code: "cursor-gap",
    });
    const { outcome } = await playSubstrate(substrate, { executionId });
    expect(outcome).toMatchObject({ status: "failed", failure: { code: "cursor-gap" } });
    expect(await substrate.inspect(executionId)).toMatchObject({ state: "completed", finalText: recordedText });
    expect(orchestrator.prompts).toBe(1);
  });

  it("is cursor-gap in the middle of reading too", async () => {
    const executionId = newExecutionId();
    orchestrator.cut = ({ index }) => (index === 0 ? { how: "clean", events: 5 } : undefined);
    const { outcome, persisted } = await playSubstrate(create(), { executionId }, "Hello", ({ type }) => {
      if (type === "start") orchestrator.expire(executionId);
    });
    expect(outcome).toMatchObject({ status: "failed", failure: { code: "cursor-gap" } });
    expect(persisted).toEqual([]);
    expect(orchestrator.prompts).toBe(1);
  });

  it("is cursor-gap when events are gone that a cut-off reader has not seen", async () => {
    const executionId = newExecutionId();
    orchestrator.cut = ({ index }) => {
      // By the time of the reconnect the buffer has moved on.
      if (index > 0) orchestrator.runs.get(executionId)?.drop(12);
      return index === 0 ? { how: "clean", events: 5 } : undefined;
    };
    const { outcome, persisted } = await playSubstrate(create(), { executionId });
    expect(outcome).toMatchObject({ status: "failed", failure: { code: "cursor-gap" } });
    expect(persisted).toEqual([]);
  });

  it("is not stopped once it has ended: the stop would reach the session's next turn", async () => {
    const substrate = create();
    const executionId = newExecutionId();
    await playSubstrate(substrate, { executionId });
    expect((await substrate.cancel(executionId)).state).toBe("completed");
    expect(orchestrator.requests.filter((request) => request.endsWith("/abort"))).toEqual([]);
  });

  it("leaves no timer behind when it was looked at", async () => {
    const executionId = newExecutionId();
    await playSubstrate(create(), { executionId });
    let timers = 0;
    const clock: Clock = {
      now: () => Date.now(),
      after(ms, callback) {
        let cancel: (() => void) | undefined = systemClock.after(ms, () => {
          cancel = undefined;
          timers--;
          callback();
        });
        timers++;
        return () => {
          if (cancel !== undefined) timers--;
          cancel?.();
          cancel = undefined;
        };
      },
    };
    expect((await create({ clock }).inspect(executionId))?.state).toBe("completed");
    await expect.poll(() => timers).toBe(0);
  });

  it("events that fell out of a full buffer are cursor-gap, not a shorter answer", async () => {
    const executionId = newExecutionId();
    const substrate = create();
    await playSubstrate(substrate, { executionId });
    orchestrator.runs.get(executionId)?.drop(5);
    for (const after of [undefined, "2"]) {
      const attach = create().attach(executionId, after === undefined ? {} : { after });
      await expect(attach.then(({ events }) => readAll(events))).rejects.toMatchObject({ code: "cursor-gap" });
    }
    const { events } = await create().attach(executionId, { after: "5" });
    const kept = (await readAll(events)).filter(({ id }) => id !== undefined);
    expect(kept).toHaveLength(recordedEvents.length + 3 - 5);
  });
});

describe.each(transports)("a run that is never silent, by %s", (transport) => {
  // Time goes fast, timers do not: they would find it silent.
  const clock: Clock = { ...systemClock, now: () => Date.now() * 100 };

  it("can be looked at and stopped all the same", async () => {
    await orchestrator.close();
    orchestrator = await startOrchestrator({
      agent: async function* ({ signal }) {
        while (!signal.aborted) {
          yield { type: "message.part.updated", data: { part: { type: "text" }, delta: "x" } };
          await nextTimer();
        }
      },
    });
    const create = () => sandboxSubstrate(accessBy(transport, orchestrator), { retry: hasty, clock });
    const executionId = newExecutionId();
    const { events } = await create().open({ executionId, identity, input });
    await events[Symbol.asyncIterator]().next();
    expect((await create().inspect(executionId))?.state).toBe("running");
    expect((await create().cancel(executionId)).state).toBe("cancelled");
    expect(orchestrator.interrupts).toBe(1);
  });
});

it("by SDK, the result stands in for a run that was dropped, where that is asked for", async () => {
  const executionId = newExecutionId();
  const create = () => sandboxSubstrate(accessBy("SDK", orchestrator), { retry: hasty, whenExpired: "result" });
  await playSubstrate(create(), { executionId });
  orchestrator.expire(executionId);
  const { outcome, persisted } = await playSubstrate(create(), { executionId });
  expect(outcome).toMatchObject({ status: "completed", usage: { inputTokens: 11 } });
  expect(persisted).toMatchObject([{ finalText: recordedText }]);
  expect(orchestrator.prompts).toBe(1);
});

it("by SDK, a stream that was opened to look for a run, and says that there is none, is left", async () => {
  const box = createFakeBox(orchestrator);
  const streamPrompt = box.streamPrompt.bind(box);
  let open = 0;
  Object.assign(box, {
    // As some versions say it, and with a connection that stays open.
    streamPrompt: async function* (...given: Parameters<typeof streamPrompt>) {
      open++;
      try {
        yield* streamPrompt(...given);
      } catch {
        yield { type: "error", data: { code: "execution_not_found" } };
        await new Promise(() => undefined);
      } finally {
        open--;
      }
    },
  });
  const { outcome } = await playSubstrate(sandboxSubstrate({ box }, { retry: hasty }), {
    executionId: newExecutionId(),
  });
  expect({ status: outcome.status, open, prompts: orchestrator.prompts }).toEqual({
    status: "completed",
    open: 0,
    prompts: 1,
  });
});
