import { afterEach, describe, expect, it } from "vitest";
import type { AgentRun, Resume, StoppedRun } from "../../src/agent/agent.ts";
import type { JsonValue, SettledTurn, TurnEvent } from "../../src/index.ts";
import { TurnError } from "../../src/errors.ts";
import { createDeferred, type Deferred } from "../../src/internal/deferred.ts";
import { createRunEngine, memoryStore, type RunEngine } from "../../src/run/index.ts";
import { type SandboxAccess, sandboxAgent, type SandboxAgentOptions } from "../../src/sandbox/index.ts";
import { createTextAccumulator } from "../../src/client/index.ts";
import { type Orchestrator, type RemoteAgent, startOrchestrator } from "../support/orchestrator/orchestrator.ts";
import { recordedAgent, recordedText } from "../support/orchestrator/recorded-run.ts";
import { accessBy, type Transport, transports } from "./transports.ts";
import { hasty, identity, newExecutionId } from "./play-sandbox.ts";

let orchestrator: Orchestrator;
const engines: RunEngine[] = [];
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.stop({ graceMs: 0 });
  await orchestrator.close();
});

interface Product {
  readonly persisted: SettledTurn[];
  open(options?: SandboxAgentOptions): Promise<RunEngine>;
}

/** Engines on one store, one after the other. */
function productBy(transport: Transport, access = () => accessBy(transport, orchestrator)): Product {
  const store = memoryStore();
  const persisted: SettledTurn[] = [];
  return {
    persisted,
    async open(options = {}) {
      const engine = createRunEngine({
        store,
        agents: { default: sandboxAgent(access(), { retry: hasty, ...options }) },
        hooks: { persistAssistantMessage: (turn) => void persisted.push(turn) },
        leaseMs: 60,
        pollMs: 10,
        log: () => undefined,
      });
      engines.push(engine);
      engine.start();
      return engine;
    },
  };
}

async function readTo(engine: RunEngine, executionId: string, wanted: (event: TurnEvent) => boolean): Promise<void> {
  const { events } = await engine.open({ executionId, identity, input: { message: "Hello" } });
  for await (const event of events) if (wanted(event)) return;
}

async function readAll(engine: RunEngine, executionId: string): Promise<{ events: TurnEvent[]; text: string }> {
  const { events } = await engine.open({ executionId, identity, input: { message: "Hello" } });
  const all: TurnEvent[] = [];
  const answer = createTextAccumulator();
  for await (const event of events) {
    all.push(event);
    answer.add(event);
  }
  return { events: all, text: answer.text() };
}

/** Says what it is given, cumulatively, and waits at the gate in between. */
function speaker(
  before: readonly string[],
  gate: Promise<void>,
  after: readonly string[],
  finalText?: string,
): RemoteAgent {
  return async function* () {
    let text = "";
    const part = (more: string) => {
      text += more;
      return { type: "message.part.updated", data: { part: { id: "t", type: "text", text }, delta: more } };
    };
    for (const word of before) yield part(word);
    await gate;
    for (const word of after) yield part(word);
    yield {
      type: "result",
      data: { outcome: "completed", finalText: finalText ?? text, tokenUsage: { inputTokens: 1 } },
    };
  };
}

/** A dispatch that is under way until the gate opens, and arrives also when nobody waits for its answer any more. */
function slowToDispatch(access: SandboxAccess, asked: Deferred<void>, gate: Promise<void>): SandboxAccess {
  if ("box" in access) {
    const { box } = access;
    const dispatchPrompt = box.dispatchPrompt?.bind(box);
    return {
      box: {
        ...box,
        dispatchPrompt: async (...given) => {
          asked.resolve();
          await gate;
          return (await dispatchPrompt?.(...given)) ?? {};
        },
      },
    };
  }
  return {
    ...access,
    fetch: async (input, given) => {
      if (typeof input !== "string" || !input.endsWith("/stream")) return fetch(input, given);
      const { signal, ...init } = given ?? {};
      asked.resolve();
      const arrives = gate.then(() => fetch(input, init));
      return new Promise((resolve, reject) => {
        arrives.then(resolve, reject);
        signal?.addEventListener("abort", () => reject(new Error("The request was left")));
      });
    },
  };
}

describe.each(transports)("sandboxAgent by %s", (transport) => {
  it("plays a run in the sandbox; hooks and log are the engine's", async () => {
    orchestrator = await startOrchestrator({ agent: recordedAgent });
    const product = productBy(transport);
    const engine = await product.open();
    const executionId = newExecutionId();
    // The recorded run asks a question, and takes it back by itself.
    const reading = readAll(engine, executionId);
    await expect.poll(async () => (await engine.inspect(executionId))?.state).toBe("waiting_for_approval");
    const approvalId = (await engine.inspect(executionId))?.approvals[0]?.approvalId ?? "";
    await engine.decide(executionId, approvalId, { decision: "approve" });
    const { text } = await reading;
    expect(text).toBe(recordedText);
    expect(product.persisted).toMatchObject([{ executionId, finalText: recordedText, usage: { inputTokens: 11 } }]);
    expect(orchestrator.prompts).toBe(1);
  });

  it.each([
    ["from the start of its buffer", 5000],
    ["from the place that it noted", 2],
  ])("a restarted engine reads the run on, %s, and persists once", async (_how, checkpointEvents) => {
    const gate = createDeferred<void>();
    orchestrator = await startOrchestrator({
      agent: speaker(["One ", "two ", "three "], gate.promise, ["four ", "five"]),
    });
    const product = productBy(transport);
    const first = await product.open({ checkpointEvents });
    const executionId = newExecutionId();
    await readTo(first, executionId, ({ data }) => data?.["delta"] === "three ");
    await first.stop({ graceMs: 0 });
    const second = await product.open({ checkpointEvents });
    const reading = readAll(second, executionId);
    await expect.poll(async () => (await second.inspect(executionId))?.attempt).toBe(2);
    gate.resolve();
    const { text } = await reading;
    expect(text).toBe("One two three four five");
    expect(product.persisted).toMatchObject([{ executionId, finalText: "One two three four five" }]);
    expect({ prompts: orchestrator.prompts, interrupts: orchestrator.interrupts }).toEqual({
      prompts: 1,
      interrupts: 0,
    });
  });

  it("a final text that does not begin with what was said before doubles nothing", async () => {
    const gate = createDeferred<void>();
    const agent = speaker(["Look. ", "The ans"], gate.promise, ["wer"], "The answer");
    orchestrator = await startOrchestrator({ agent });
    const product = productBy(transport);
    const first = await product.open({ checkpointEvents: 1 });
    const executionId = newExecutionId();
    await readTo(first, executionId, ({ data }) => data?.["delta"] === "The ans");
    await first.stop({ graceMs: 0 });
    const second = await product.open({ checkpointEvents: 1 });
    const reading = readAll(second, executionId);
    await expect.poll(async () => (await second.inspect(executionId))?.attempt).toBe(2);
    gate.resolve();
    expect((await reading).text).toBe("Look. The answer");
  });

  it("a stop interrupts the run in the sandbox, and so does a deadline", async () => {
    orchestrator = await startOrchestrator({ agent: speaker(["One "], new Promise(() => undefined), []) });
    const product = productBy(transport);
    const engine = await product.open();
    const executionId = newExecutionId();
    await readTo(engine, executionId, ({ data }) => data?.["delta"] === "One ");
    await engine.cancel(executionId, { reason: "Enough" });
    expect((await readAll(engine, executionId)).events.at(-1)).toMatchObject({ type: "session.run.cancelled" });
    await expect.poll(() => orchestrator.interrupts).toBe(1);
    const late = newExecutionId();
    const { events } = await engine.open({
      executionId: late,
      identity: { ...identity, sessionId: "another" },
      input: { message: "Hello" },
      deadlineMs: 100,
    });
    let last: TurnEvent | undefined;
    for await (const event of events) last = event;
    expect(last).toMatchObject({ type: "session.run.failed", data: { code: "deadline-exceeded" } });
    await expect.poll(() => orchestrator.interrupts).toBe(2);
  });

  const aborts = (): number => orchestrator.requests.filter((request) => request.endsWith("/abort")).length;

  it("a stop while the run is being dispatched interrupts it as soon as it is there", async () => {
    orchestrator = await startOrchestrator({ agent: speaker(["One "], new Promise(() => undefined), []) });
    const asked = createDeferred<void>();
    const gate = createDeferred<void>();
    const product = productBy(transport, () => slowToDispatch(accessBy(transport, orchestrator), asked, gate.promise));
    const engine = await product.open();
    const executionId = newExecutionId();
    const reading = readAll(engine, executionId);
    await asked.promise;
    await engine.cancel(executionId, { reason: "Enough" });
    const { events } = await reading;
    expect(events.at(-1)).toMatchObject({ type: "session.run.cancelled", data: { reason: "Enough" } });
    expect(orchestrator.prompts).toBe(0);
    gate.resolve();
    await expect.poll(() => orchestrator.interrupts).toBe(1);
  });

  it("a stop while it waits for an answer interrupts the run in the sandbox, once", async () => {
    orchestrator = await startOrchestrator({
      agent: async function* ({ ask }) {
        yield { type: "message.part.updated", data: { part: { type: "text" }, delta: "One" } };
        await ask({ id: "q-1", kind: "permission" });
      },
    });
    const product = productBy(transport);
    const engine = await product.open();
    const executionId = newExecutionId();
    await engine.open({ executionId, identity, input: { message: "Hello" } });
    await expect.poll(async () => (await engine.inspect(executionId))?.state).toBe("waiting_for_approval");
    expect((await engine.cancel(executionId, { reason: "Enough" })).state).toBe("cancelled");
    expect({ interrupts: orchestrator.interrupts, aborts: aborts() }).toEqual({ interrupts: 1, aborts: 1 });
    expect((await engine.cancel(executionId)).state).toBe("cancelled");
    expect(aborts()).toBe(1);
  });

  it("a stop after its engine was lost interrupts the run in the sandbox; one that has ended there is left alone", async () => {
    const gate = createDeferred<void>();
    orchestrator = await startOrchestrator({ agent: speaker(["One "], gate.promise, ["two"]) });
    const agent = sandboxAgent(accessBy(transport, orchestrator), { retry: hasty });
    /** Follows a run until it speaks, and loses it. */
    const lose = async (executionId: string): Promise<StoppedRun> => {
      let checkpoint: JsonValue | undefined;
      const engine = new AbortController();
      const run = {
        executionId,
        identity,
        input: { message: "Hello" },
        history: [],
        attempt: 1,
        tags: {},
        saveCheckpoint: async (value: JsonValue) => void (checkpoint = value),
      };
      for await (const { data } of agent.stream({ ...run, signal: engine.signal })) {
        if (data?.["delta"] === "One ") engine.abort(new TurnError("lease-lost", "The lease is lost"));
      }
      const { signal } = new AbortController();
      return { executionId, identity, tags: {}, signal, ...(checkpoint === undefined ? {} : { checkpoint }) };
    };
    const [going, over] = [await lose(newExecutionId()), await lose(newExecutionId())];
    expect(aborts()).toBe(0);
    await agent.cancel?.(going);
    // As an engine does after a crash.
    await agent.cancel?.(going);
    expect({ interrupts: orchestrator.interrupts, aborts: aborts() }).toEqual({ interrupts: 1, aborts: 1 });
    gate.resolve();
    await expect.poll(() => orchestrator.runs.get(over.executionId)?.ended).toBe(true);
    await agent.cancel?.(over);
    orchestrator.expire(over.executionId);
    await agent.cancel?.(over);
    // Of one that was never dispatched there is nothing to stop.
    const { checkpoint: _checkpoint, ...unbegun } = going;
    await agent.cancel?.({ ...unbegun, executionId: newExecutionId() });
    expect({ prompts: orchestrator.prompts, aborts: aborts() }).toEqual({ prompts: 2, aborts: 1 });
  });

  it("questions suspend the run: each decision reaches the sandbox, through restarts too", async () => {
    const answers: unknown[] = [];
    orchestrator = await startOrchestrator({
      agent: async function* ({ ask }) {
        yield { type: "message.part.updated", data: { part: { id: "t", type: "text", text: "Before. " } } };
        answers.push(await ask({ id: "q-1", kind: "permission", toolName: "send", input: { to: "all" } }));
        yield { type: "message.part.updated", data: { part: { id: "t", type: "text", text: "Before. Between. " } } };
        answers.push(await ask({ id: "q-2", kind: "permission", toolName: "delete", input: {} }));
        const finalText = "Before. Between. After.";
        yield { type: "message.part.updated", data: { part: { id: "t", type: "text", text: finalText } } };
        yield { type: "result", data: { outcome: { type: "completed" }, finalText } };
      },
    });
    const product = productBy(transport);
    let engine = await product.open();
    const executionId = newExecutionId();
    const open = async () => {
      const { events } = await engine.open({ executionId, identity, input: { message: "Hello" } });
      // Read in the background, so that the run has a reader.
      void (async () => {
        for await (const _event of events);
      })().catch(() => undefined);
    };
    const pending = async () =>
      (await engine.inspect(executionId))?.approvals.filter(({ status }) => status === "pending");
    await open();
    await expect.poll(pending).toMatchObject([{ toolName: "send", input: { to: "all" } }]);
    await engine.stop({ graceMs: 0 });
    engine = await product.open();
    const [first] = (await pending()) ?? [];
    await engine.decide(executionId, first?.approvalId ?? "", { decision: "edit", input: { to: "nobody" } });
    await expect.poll(pending).toMatchObject([{ toolName: "delete" }]);
    const [second] = (await pending()) ?? [];
    await engine.decide(executionId, second?.approvalId ?? "", { decision: "reject", note: "No" });
    const { text } = await readAll(engine, executionId);
    expect(text).toBe("Before. Between. After.");
    expect(answers).toEqual([
      { id: "q-1", outcome: "accepted", data: { to: "nobody" } },
      { id: "q-2", outcome: "declined", note: "No" },
    ]);
    expect(product.persisted).toMatchObject([{ finalText: "Before. Between. After." }]);
    expect(orchestrator.prompts).toBe(1);
  });

  it("a decision that does not get through at once is taken to the sandbox again", async () => {
    orchestrator = await startOrchestrator({
      agent: async function* ({ ask }) {
        const answer = await ask({ id: "q-1", kind: "permission" });
        const delta = answer === "expired" ? answer : answer.outcome;
        yield { type: "message.part.updated", data: { part: { type: "text" }, delta } };
      },
    });
    let refusals = 2;
    orchestrator.refuse = ({ path }) =>
      path.endsWith("/interactions") && refusals-- > 0 ? { status: 503 } : undefined;
    const engine = await productBy(transport).open();
    const executionId = newExecutionId();
    const reading = readAll(engine, executionId);
    await expect.poll(async () => (await engine.inspect(executionId))?.state).toBe("waiting_for_approval");
    const approvalId = (await engine.inspect(executionId))?.approvals[0]?.approvalId ?? "";
    await engine.decide(executionId, approvalId, { decision: "approve" });
    const { events, text } = await reading;
    expect(events.at(-1)?.type).toBe("session.run.completed");
    expect(text).toBe("accepted");
  });

  it("a run that fails or is cancelled in the sandbox ends so here", async () => {
    let outcome: unknown = { type: "failed", message: "Out of credit", code: "quota" };
    orchestrator = await startOrchestrator({
      agent: async function* () {
        yield { type: "message.part.updated", data: { part: { type: "text" }, delta: "One" } };
        yield { type: "result", data: { outcome } };
      },
    });
    const product = productBy(transport);
    const engine = await product.open();
    const failed = newExecutionId();
    const { events } = await readAll(engine, failed);
    expect(events.at(-1)).toMatchObject({
      type: "session.run.failed",
      data: { message: "Out of credit", code: "quota" },
    });
    outcome = "interrupted";
    const cancelled = await readAll(engine, newExecutionId());
    expect(cancelled.events.at(-1)).toMatchObject({ type: "session.run.cancelled" });
  });
});

it("a decision that was taken to the sandbox is not taken for the answer to the next question, after a crash", async () => {
  const answers: string[] = [];
  orchestrator = await startOrchestrator({
    agent: async function* ({ ask }) {
      for (const id of ["q-1", "q-2"]) {
        const answer = await ask({ id, kind: "permission" });
        answers.push(answer === "expired" ? answer : `${answer.id} ${answer.outcome}`);
      }
      yield { type: "message.part.updated", data: { part: { type: "text" }, delta: "Done" } };
    },
  });
  const agent = sandboxAgent(orchestrator, { retry: hasty });
  const executionId = newExecutionId();
  let checkpoint: JsonValue | undefined;
  const call = async (resume?: Resume): Promise<string[]> => {
    const run: AgentRun = {
      executionId,
      identity,
      input: { message: "Hello" },
      history: [],
      attempt: 1,
      signal: new AbortController().signal,
      tags: {},
      ...(checkpoint === undefined ? {} : { checkpoint }),
      ...(resume === undefined ? {} : { resume }),
      saveCheckpoint: async (value) => void (checkpoint = value),
    };
    const asked: string[] = [];
    for await (const { type, data } of agent.stream(run)) {
      const request = data?.["request"] as { readonly id: string } | undefined;
      if (type === "approval.requested" && request !== undefined) asked.push(request.id);
    }
    return asked;
  };
  const decision = { approvalId: "first", decision: "approve" } as const;
  const resume = { ...decision, all: [decision] };
  expect(await call()).toEqual(["q-1"]);
  // Lost before it could wait: asked again.
  expect(await call()).toEqual(["q-1"]);
  expect(await call(resume)).toEqual(["q-2"]);
  expect(await call(resume)).toEqual(["q-2"]);
  expect(answers).toEqual(["q-1 accepted"]);
  const other = { approvalId: "second", decision: "reject" } as const;
  expect(await call({ ...other, all: [other] })).toEqual([]);
  expect(answers).toEqual(["q-1 accepted", "q-2 declined"]);
  expect(orchestrator.prompts).toBe(1);
});
