import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Clock, deriveExecutionId, type TurnProducer } from "../../src/index.ts";
import { readTurn } from "../../src/client/index.ts";
import { chatTurnRoutes } from "../../src/http/index.ts";
import { type SandboxAccess, sandboxProducer, sandboxSubstrate } from "../../src/sandbox/index.ts";
import { createDeferred } from "../../src/internal/deferred.ts";
import { createFakeBox } from "../support/orchestrator/fake-box.ts";
import { type Orchestrator, type Refusal, startOrchestrator } from "../support/orchestrator/orchestrator.ts";
import { recordedAgent } from "../support/orchestrator/recorded-run.ts";
import { createVirtualClock } from "../support/virtual-clock.ts";
import { accessBy, transports } from "./transports.ts";
import { hasty, identity, newExecutionId, playSubstrate, playTurn } from "./play-sandbox.ts";

const token = "sk-sandbox-1234567890";
const password = "hunter2";
const brief = { baseMs: 2, maxMs: 5, limitMs: 40 };
let orchestrator: Orchestrator;
let agentSays = "Hello";

beforeEach(async () => {
  agentSays = "Hello";
  orchestrator = await startOrchestrator({
    token,
    agent: async function* (run) {
      yield { type: "message.part.updated", data: { part: { type: "text" }, delta: agentSays } };
      yield* recordedAgent(run);
    },
  });
});
afterEach(() => orchestrator.close());

interface Expected {
  readonly code: string;
  readonly status: number;
  readonly retryable: boolean;
}

const table: readonly (readonly [what: string, refusal: Refusal, expected: Expected])[] = [
  ["400", { status: 400 }, { code: "invalid-request", status: 400, retryable: false }],
  ["401", { status: 401 }, { code: "upstream-failed", status: 502, retryable: false }],
  ["403", { status: 403 }, { code: "upstream-failed", status: 502, retryable: false }],
  ["408", { status: 408 }, { code: "upstream-failed", status: 502, retryable: true }],
  ["409", { status: 409 }, { code: "session-busy", status: 409, retryable: true }],
  ["413", { status: 413 }, { code: "too-large", status: 413, retryable: false }],
  ["429", { status: 429 }, { code: "rate-limited", status: 429, retryable: true }],
  ["500", { status: 500 }, { code: "upstream-failed", status: 502, retryable: true }],
  ["501", { status: 501 }, { code: "not-supported", status: 501, retryable: false }],
  ["503", { status: 503, body: "<html>not JSON</html>" }, { code: "upstream-failed", status: 502, retryable: true }],
];

/** Routes over the sandbox, as a product mounts them. */
function routesOver(access: SandboxAccess): (path: string, init?: RequestInit) => Promise<Response> {
  const app = chatTurnRoutes({
    substrate: sandboxSubstrate(access, { retry: brief }),
    hooks: { persistAssistantMessage: () => undefined },
    projectId: "tests",
    authorize: () => ({ tenantId: "acme", userId: "ada" }),
    log: () => undefined,
  });
  return async (path, init) => app.request(path, init);
}

describe.each(transports)("by %s", (transport) => {
  it.each(table)("%s: the terminal event, and the problem document", async (_what, refusal, expected) => {
    orchestrator.refuse = () => refusal;
    const request = routesOver(accessBy(transport, orchestrator));
    const started = await request("/turns", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ sessionId: "thread-1", turnIndex: 0, message: "Hello" }),
    });
    const events = [];
    for await (const event of readTurn(started)) events.push(event);
    expect(events.at(-1)).toMatchObject({ type: "session.run.failed", data: { code: expected.code } });
    expect(events.filter(({ type }) => type === "error")).toHaveLength(1);
    const executionId = deriveExecutionId({
      tenantId: "acme",
      projectId: "tests",
      sessionId: "thread-1",
      turnIndex: 0,
    });
    const problem = await request(`/turns/${encodeURIComponent(executionId)}`);
    expect(await problem.json()).toMatchObject(expected);
    expect(problem.headers.get("content-type")).toBe("application/problem+json");
    expect(orchestrator.prompts).toBe(0);
  });

  it("a sandbox that is gone, and one that is not there", async () => {
    orchestrator.refuse = () => ({ status: 404, body: { error: { code: "sandbox_not_found" } } });
    const substrate = sandboxSubstrate(accessBy(transport, orchestrator), { retry: brief });
    const gone = await playSubstrate(substrate, { executionId: newExecutionId() });
    expect(gone.outcome).toMatchObject({ status: "failed", failure: { code: "upstream-failed" } });
    const nowhere = sandboxSubstrate(accessBy(transport, { url: "http://127.0.0.1:9", token }), { retry: brief });
    const lost = await playSubstrate(nowhere, { executionId: newExecutionId() });
    expect(lost.outcome).toMatchObject({ status: "failed", failure: { code: "connection-lost" } });
  });

  it("what passes is tried again, and not for ever", async () => {
    let refusals = 3;
    orchestrator.refuse = () => (refusals-- > 0 ? { status: 503 } : undefined);
    const substrate = sandboxSubstrate(accessBy(transport, orchestrator), { retry: hasty });
    const { outcome } = await playSubstrate(substrate, { executionId: newExecutionId() });
    expect(outcome.status).toBe("completed");
    expect(orchestrator.prompts).toBe(1);
    orchestrator.refuse = () => ({ status: 503 });
    const before = orchestrator.requests.length;
    const few = sandboxSubstrate(accessBy(transport, orchestrator), { retry: { ...hasty, attempts: 2 } });
    await playSubstrate(few, { executionId: newExecutionId() });
    expect(orchestrator.requests.length - before).toBe(3);
  });

  it("retry-after is kept to, and not waited for when it lies beyond the limit", async () => {
    let refusals = 1;
    orchestrator.refuse = () => (refusals-- > 0 ? { status: 429, headers: { "retry-after": "0.15" } } : undefined);
    const substrate = sandboxSubstrate(accessBy(transport, orchestrator), { retry: hasty });
    const startedAt = performance.now();
    const { outcome } = await playSubstrate(substrate, { executionId: newExecutionId() });
    expect(outcome.status).toBe("completed");
    expect(performance.now() - startedAt).toBeGreaterThan(140);
    orchestrator.refuse = () => ({ status: 429, headers: { "retry-after": "3600" } });
    const refused = await playSubstrate(substrate, { executionId: newExecutionId() });
    expect(refused.outcome).toMatchObject({ status: "failed", failure: { code: "rate-limited" } });
  });

  it("a connection that falls silent is given up for another", async () => {
    let calls = 0;
    orchestrator.cut = ({ index }) => (index === 0 ? { how: "reset", events: 4 } : undefined);
    const access = accessBy(transport, orchestrator);
    // The first stream never says that it is over.
    const hanging: SandboxAccess =
      "url" in access
        ? {
            ...access,
            fetch: async (input, init) => {
              const response = await fetch(input, init);
              return response.ok && ++calls === 1 ? new Response(hang(response.body), response) : response;
            },
          }
        : access;
    if ("box" in access) {
      const { box } = access;
      const streamPrompt = box.streamPrompt.bind(box);
      Object.assign(box, {
        streamPrompt: async function* (...args: Parameters<typeof streamPrompt>) {
          try {
            yield* streamPrompt(...args);
          } catch (error) {
            if (args[1]?.lastEventId === "0" && (error as { status?: number }).status === 404) throw error;
            if (calls++ > 0) throw error;
            await new Promise(() => undefined);
          }
        },
      });
    }
    const substrate = sandboxSubstrate(hanging, { retry: hasty, stallMs: 60 });
    const { outcome } = await playSubstrate(substrate, { executionId: newExecutionId() });
    expect(outcome.status).toBe("completed");
    expect(orchestrator.prompts).toBe(1);
  });

  it("a slow reader is not taken for a silent connection", async () => {
    const clock = createVirtualClock();
    const substrate = sandboxSubstrate(accessBy(transport, orchestrator), { retry: hasty, clock, stallMs: 60 });
    const { events } = await substrate.open({ executionId: newExecutionId(), identity, input: { message: "Hello" } });
    let requests = 0;
    for await (const _event of events) {
      requests ||= orchestrator.requests.length;
      // Longer than it may be silent, with every event.
      await clock.advance(150);
    }
    expect(orchestrator.requests).toHaveLength(requests);
  });

  it("the sandbox's token and other credentials appear nowhere", async () => {
    const seen: unknown[] = [];
    const leaky = `Bearer ${token} at https://admin:${password}@sandbox.example/agents?token=${token}`;
    agentSays = `The environment has TOKEN=${token}`;
    const options = { retry: brief, secrets: [token] };
    const access = accessBy(transport, orchestrator);
    seen.push(await playSubstrate(sandboxSubstrate(access, options), { executionId: newExecutionId() }));
    for (const status of [400, 401, 404, 409, 418, 429, 500]) {
      orchestrator.refuse = () => ({ status, body: { error: { code: "leak", message: leaky } } });
      const substrate = sandboxSubstrate(access, options);
      const executionId = newExecutionId();
      seen.push(await playSubstrate(substrate, { executionId }));
      for (const call of [
        () => substrate.inspect(executionId),
        () => substrate.cancel(executionId),
        () => substrate.attach(executionId),
      ]) {
        seen.push(await call().catch((error: unknown) => error));
      }
      const request = routesOver(access);
      const response = await request(`/turns/${encodeURIComponent(executionId)}/events`);
      seen.push(await response.text());
    }
    const nowhere = sandboxSubstrate(accessBy(transport, { url: "http://127.0.0.1:9", token }), options);
    seen.push(await playSubstrate(nowhere, { executionId: newExecutionId() }));
    orchestrator.refuse = undefined;
    orchestrator.cut = () => ({ how: "reset", events: 2 });
    seen.push(await playSubstrate(sandboxSubstrate(access, options), { executionId: newExecutionId() }));
    const all = inspect(seen, { depth: Infinity, maxArrayLength: null, maxStringLength: null, showHidden: true });
    expect(all).toContain("[secret]");
    expect(all).not.toContain(token);
    expect(all).not.toContain(password);
  });
});

it("a url with credentials or a query is refused without being repeated", () => {
  for (const url of [
    `https://admin:${password}@sandbox.example`,
    `https://sandbox.example/?token=${token}`,
    password,
  ]) {
    try {
      sandboxSubstrate({ url, token });
      throw new Error("not refused");
    } catch (error) {
      expect(error).toBeInstanceOf(TypeError);
      expect(inspect(error)).not.toMatch(new RegExp(`${password}|${token}`));
    }
  }
});

it("SDK 0.1.x: what it throws is told without its credentials", async () => {
  orchestrator.refuse = () => ({ status: 401, body: { error: { message: `Bad ${token}` } } });
  const box = createFakeBox({ url: orchestrator.url, token, version: "0.1" });
  const played = await playTurn(sandboxProducer(box, { message: "Hello" }), { executionId: newExecutionId() });
  expect(played.outcome).toMatchObject({ status: "failed", failure: { code: "upstream-failed" } });
  expect(inspect(played, { depth: Infinity })).not.toContain(token);
});

function hang(body: ReadableStream<Uint8Array> | null): ReadableStream<Uint8Array> {
  const reader = body?.getReader();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const read = await reader?.read().catch(() => undefined);
      if (read?.value === undefined) await new Promise(() => undefined);
      else controller.enqueue(read.value);
    },
  });
}

it("SDK 0.1.x: a slow reader is not taken for a silent connection, which could not be made again", async () => {
  const clock = createVirtualClock();
  const box = createFakeBox({ ...orchestrator, url: orchestrator.url, version: "0.1" });
  const { stream } = sandboxProducer(box, { message: "Hello", clock, stallMs: 60 })({
    identity,
    signal: new AbortController().signal,
  }) as TurnProducer;
  const types: string[] = [];
  for await (const { type } of stream) {
    types.push(type);
    await clock.advance(150);
  }
  expect(types.at(-1)).toBe("done");
});

it.each(transports)("by %s: a silence is noticed in its time also when the clock is set back", async (transport) => {
  const virtual = createVirtualClock();
  let setBack = 0;
  const clock: Clock = { now: () => virtual.now() - setBack, after: (ms, callback) => virtual.after(ms, callback) };
  await orchestrator.close();
  const gate = createDeferred<void>();
  orchestrator = await startOrchestrator({
    token,
    agent: async function* () {
      yield { type: "status", data: { status: "running" } };
      await gate.promise;
    },
  });
  const substrate = sandboxSubstrate(accessBy(transport, orchestrator), { retry: hasty, clock, stallMs: 60 });
  const { events } = await substrate.open({ executionId: newExecutionId(), identity, input: { message: "Hello" } });
  const iterator = events[Symbol.asyncIterator]();
  while ((await iterator.next()).value?.type !== "status");
  const requests = orchestrator.requests.length;
  const rest = iterator.next();
  setBack = 3_600_000;
  // A new connection after the silence, and the short wait before it.
  for (let round = 0; round < 4; round++) await virtual.advance(60);
  await expect.poll(() => orchestrator.requests.length).toBeGreaterThan(requests);
  gate.resolve();
  expect((await rest).value?.type).toBe("result");
});

it("by HTTP, a stop and a decision that get no answer fail in time, and the run is as it was", async () => {
  await orchestrator.close();
  orchestrator = await startOrchestrator({
    token,
    agent: async function* ({ ask }) {
      yield { type: "status", data: { status: "running" } };
      await ask({ id: "q-1", kind: "permission" });
    },
  });
  const silent: typeof fetch = (input, init) =>
    init?.method !== "POST" || (typeof input === "string" && input.endsWith("/stream"))
      ? fetch(input, init)
      : new Promise((_, reject) => init.signal?.addEventListener("abort", () => reject(new Error("aborted"))));
  const substrate = sandboxSubstrate(
    { ...orchestrator, url: orchestrator.url, fetch: silent },
    { retry: hasty, stallMs: 60 },
  );
  const executionId = newExecutionId();
  const { events } = await substrate.open({ executionId, identity, input: { message: "Hello" } });
  for await (const { type } of events) if (type === "approval.requested") break;
  const lost = { code: "connection-lost", retryable: true };
  await expect(substrate.decide(executionId, "q-1", { decision: "approve" })).rejects.toMatchObject(lost);
  await expect(substrate.cancel(executionId)).rejects.toMatchObject(lost);
  expect((await substrate.inspect(executionId))?.state).toBe("waiting_for_approval");
});
