import { afterEach, describe, expect, it } from "vitest";
import { type TurnEvent } from "../../src/index.ts";
import { sandboxProducer, sandboxSubstrate } from "../../src/sandbox/index.ts";
import { createFakeBox } from "../support/orchestrator/fake-box.ts";
import {
  type Orchestrator,
  type OrchestratorOptions,
  startOrchestrator,
} from "../support/orchestrator/orchestrator.ts";
import { recordedAgent, recordedEvents, recordedText } from "../support/orchestrator/recorded-run.ts";
import { accessBy, transports } from "./transports.ts";
import { hasty, inner, newExecutionId, type PlayedTurn, playSubstrate, playTurn } from "./play-sandbox.ts";

let orchestrator: Orchestrator;
afterEach(() => orchestrator.close());

const start = async (options: Partial<OrchestratorOptions> = {}): Promise<void> => {
  orchestrator = await startOrchestrator({ agent: recordedAgent, ...options });
};

/** What a client that appends deltas, and one that takes cumulative text, have read of each text part. */
function texts(events: readonly TurnEvent[]): { appended: string; cumulative: string } {
  const appended = new Map<unknown, string>();
  const cumulative = new Map<unknown, string>();
  for (const { type, data } of events) {
    const part = data?.["part"] as { type?: string; id?: string; text?: string } | undefined;
    if (type !== "message.part.updated" || part?.type !== "text") continue;
    const delta = typeof data?.["delta"] === "string" ? data["delta"] : "";
    appended.set(part.id, (appended.get(part.id) ?? "") + delta);
    cumulative.set(part.id, part.text ?? (cumulative.get(part.id) ?? "") + delta);
  }
  return { appended: [...appended.values()].join(""), cumulative: [...cumulative.values()].join("") };
}

const toolEnds = (events: readonly TurnEvent[]): unknown[] => {
  const states = new Map<unknown, unknown>();
  for (const { type, data } of events) {
    const part = data?.["part"] as { type?: string; callID?: string; state?: object } | undefined;
    if (type === "message.part.updated" && part?.type === "tool") states.set(part.callID, part.state);
  }
  return [...states];
};

function expectRecorded({ events, persisted, outcome }: PlayedTurn): void {
  expect(outcome.status).toBe("completed");
  expect(persisted).toMatchObject([{ finalText: recordedText, outcome: "completed" }]);
  expect(outcome.usage).toEqual({ inputTokens: 11, outputTokens: 22, cacheReadTokens: 7 });
  expect(texts(events)).toEqual({ appended: recordedText, cumulative: recordedText });
  expect(toolEnds(events)).toEqual([
    ["call-1", { status: "completed", input: { query: "weather" }, output: "sunny" }],
    ["call-2", { status: "error", input: { query: "time" }, error: "The run ended before this call did" }],
    ["call-3", { status: "completed", input: { query: "place" }, output: "here" }],
  ]);
  const unchanged = ["session.updated", "model-processing", "raw", "warning", "tool-heartbeat", "status"];
  for (const type of [...unchanged, "something.from.the.future", "result"]) {
    expect(events.filter((event) => event.type === type).map(({ data }) => data)).toEqual(
      recordedEvents.filter((event) => event.type === type).map(({ data }) => data),
    );
  }
  expect(events.find(({ type }) => type === "approval.requested")?.data).toMatchObject({
    approvalId: "q-1",
    toolName: "question",
    reason: "Sure?",
  });
  expect(events.find(({ type }) => type === "approval.resolved")?.data).toEqual({
    approvalId: "q-1",
    decision: "expired",
  });
  expect(inner(events).at(-1)).toMatchObject({ type: "done", data: { outcome: "completed" } });
  const ids = events.flatMap(({ id }) => id ?? []);
  expect(ids).toEqual(ids.map((_, index) => String(index + 1)));
}

describe.each(transports)("a run with every kind of event, by %s", (transport) => {
  it.each(["named", "unnamed", "crlf", "lines", "id-last"] as const)("framed as %s", async (framing) => {
    await start({ framing });
    const substrate = sandboxSubstrate(accessBy(transport, orchestrator), { retry: hasty });
    expectRecorded(await playSubstrate(substrate, { executionId: newExecutionId() }));
    expect(orchestrator.prompts).toBe(1);
  });

  it("with latency, a slow start and repeated events", async () => {
    await start({ latencyMs: 20, slowStartMs: 40, repeats: true });
    const substrate = sandboxSubstrate(accessBy(transport, orchestrator), { retry: hasty });
    const executionId = newExecutionId();
    expectRecorded(await playSubstrate(substrate, { executionId }));
    const again = await playSubstrate(substrate, { executionId });
    expectRecorded(again);
    expect(orchestrator.prompts).toBe(1);
  });

  it("is handed on after the client's cursor, and persisted whole", async () => {
    await start();
    const substrate = sandboxSubstrate(accessBy(transport, orchestrator), { retry: hasty });
    const executionId = newExecutionId();
    await playSubstrate(substrate, { executionId });
    const { events, persisted } = await playSubstrate(substrate, { executionId, lastEventId: "20" });
    expect(inner(events)[0]?.id).toBe("21");
    expect(persisted).toMatchObject([{ finalText: recordedText }]);
  });
});

describe("sandboxProducer", () => {
  it.each(["dispatchPrompt", "result"] as const)("does without %s", async (method) => {
    await start();
    const box = createFakeBox({ ...orchestrator, url: orchestrator.url, token: orchestrator.token, without: [method] });
    const executionId = newExecutionId();
    expectRecorded(await playTurn(sandboxProducer(box, { message: "Hello", retry: hasty }), { executionId }));
    expectRecorded(await playTurn(sandboxProducer(box, { message: "Hello", retry: hasty }), { executionId }));
    expect(orchestrator.prompts).toBe(1);
  });

  it("finds its run again with the next call, and hands on what the client lacks", async () => {
    await start();
    const { url, token } = orchestrator;
    const produce = () => sandboxProducer(createFakeBox({ url, token }), { message: "Hello", retry: hasty });
    const executionId = newExecutionId();
    expectRecorded(await playTurn(produce(), { executionId }));
    const { events, persisted } = await playTurn(produce(), { executionId, lastEventId: "20" });
    expect(inner(events)[0]?.id).toBe("21");
    expect(persisted).toMatchObject([{ finalText: recordedText }]);
    expect(orchestrator.prompts).toBe(1);
  });

  it("persists the whole answer for a client that has some of it, or all, also where no result repeats it", async () => {
    await start({
      agent: async function* () {
        const part = { id: "t", type: "text" };
        yield { type: "message.part.updated", data: { part, delta: "One " } };
        yield { type: "message.part.updated", data: { part, delta: "two" } };
        yield { type: "result", data: { outcome: "completed", tokenUsage: { outputTokens: 2 } } };
      },
    });
    const executionId = newExecutionId();
    // The start, what has the first word, the result, and the end.
    for (const lastEventId of ["0", "3", "5", "6"]) {
      const produce = sandboxProducer(createFakeBox(orchestrator), { message: "Hello", retry: hasty });
      const { persisted } = await playTurn(produce, { executionId, lastEventId });
      expect(persisted).toMatchObject([{ finalText: "One two", usage: { outputTokens: 2 } }]);
    }
  });

  it("sends model, context and session as they are given", async () => {
    let asked: unknown;
    await start({
      agent: async function* ({ message, metadata, sessionId }) {
        asked = { message, sessionId, metadata };
        yield { type: "status", data: { status: "running" } };
      },
    });
    const message = [{ type: "text", text: "Hello" }];
    const options = { message, sessionId: "own-session", context: { locale: "sv" }, retry: hasty };
    const executionId = newExecutionId();
    await playTurn(sandboxProducer(createFakeBox(orchestrator), options), { executionId });
    expect(asked).toEqual({ message, sessionId: "own-session", metadata: { locale: "sv" } });
  });

  it("with SDK 0.1.x: one call, with what that version knows", async () => {
    await start();
    const box = createFakeBox({ url: orchestrator.url, token: orchestrator.token, version: "0.1" });
    const { outcome, persisted } = await playTurn(sandboxProducer(box, { message: "Hello" }), {
      executionId: newExecutionId(),
    });
    expect(outcome.status).toBe("completed");
    expect(persisted).toMatchObject([{ finalText: recordedText }]);
    expect([...orchestrator.runs.values()].map(({ sessionId }) => sessionId)).toEqual(["thread-1"]);
  });

  it.each(["reset", "clean"] as const)(
    "with SDK 0.1.x, cut off by %s: fails, and sends no second prompt",
    async (how) => {
      await start();
      orchestrator.cut = () => ({ how, events: 8 });
      const box = createFakeBox({ url: orchestrator.url, token: orchestrator.token, version: "0.1" });
      const { outcome, persisted } = await playTurn(sandboxProducer(box, { message: "Hello" }), {
        executionId: newExecutionId(),
      });
      expect(outcome).toMatchObject({
        status: "failed",
        failure: { code: how === "clean" ? "truncated-stream" : "connection-lost" },
      });
      expect(persisted).toEqual([]);
      expect(orchestrator.prompts).toBe(1);
    },
  );

  it("a stop interrupts the run in the sandbox", async () => {
    await start({
      agent: async function* ({ signal }) {
        yield { type: "status", data: { status: "running" } };
        await new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("stopped"))));
      },
    });
    const stop = new AbortController();
    const box = createFakeBox({ url: orchestrator.url, token: orchestrator.token });
    const executionId = newExecutionId();
    const { outcome } = await playTurn(
      sandboxProducer(box, { message: "Hello", retry: hasty }),
      { executionId, signal: stop.signal },
      ({ type }) => {
        if (type === "status") stop.abort("Enough");
      },
    );
    expect(outcome.status).toBe("cancelled");
    await expect.poll(() => orchestrator.interrupts).toBe(1);
  });

  it("refuses what is no box and no message, at once", () => {
    const box = { streamPrompt: () => recorded() };
    async function* recorded(): AsyncGenerator<{ type: string }> {}
    expect(() => sandboxProducer({} as typeof box, { message: "" })).toThrow("box.streamPrompt must be a function");
    expect(() => sandboxProducer(box, {} as { message: string })).toThrow("options.message");
    expect(() => sandboxSubstrate({ box })).toThrow("pass { url, token } instead");
    orchestrator = { close: async () => undefined } as unknown as Orchestrator;
  });
});
