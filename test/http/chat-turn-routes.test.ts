import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { fromText, textDelta, TurnError, type TurnEvent } from "../../src/index.ts";
import * as http from "../../src/http/index.ts";
import { type Authorize, chatTurnRoutes, type ChatTurnRoutesOptions } from "../../src/http/index.ts";
import type { Attachment, ExecutionSnapshot, OpenRequest, Substrate } from "../../src/substrate/index.ts";
import { createVirtualClock } from "../support/virtual-clock.ts";
import { eventsOf, problemOf } from "./http-client.ts";

// What needs a hand-made substrate or app, and no server.

const authorize: Authorize = () => ({ tenantId: "acme", userId: "ada" });
const hooks = { persistAssistantMessage: () => undefined };
const completed: TurnEvent = { id: "1", type: "session.run.completed", data: {} };

/** A substrate that has what a test gives it; the rest must not be asked. */
function substrateWith(parts: Partial<Substrate>): Substrate {
  const unexpected = (): never => {
    throw new Error("The substrate was asked something that it should not be");
  };
  return {
    envelope: "stored",
    open: unexpected,
    attach: unexpected,
    inspect: unexpected,
    cancel: unexpected,
    decide: unexpected,
    ...parts,
  };
}

async function* streamOf(events: readonly TurnEvent[], then?: Error): AsyncGenerator<TurnEvent> {
  yield* events;
  if (then !== undefined) throw then;
}

/** Opens to these events, and keeps the requests. */
function openTo(events: () => AsyncIterable<TurnEvent>): { substrate: Substrate; opened: OpenRequest[] } {
  const opened: OpenRequest[] = [];
  const substrate = substrateWith({
    async open(request) {
      opened.push(request);
      return { executionId: request.executionId, created: true, events: events() };
    },
  });
  return { substrate, opened };
}

const routesOver = (substrate: Substrate, more: Partial<ChatTurnRoutesOptions> = {}): Hono =>
  chatTurnRoutes({ authorize, projectId: "p", substrate, log: () => undefined, ...more } as ChatTurnRoutesOptions);

const turn = { sessionId: "s", turnIndex: 0, message: "Hello" };
const post = (app: Pick<Hono, "request">, body: unknown = turn, path = "/turns"): Promise<Response> =>
  Promise.resolve(
    app.request(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
  );

describe("chatTurnRoutes", () => {
  it("refuses at once what is no option, authorize first of all", () => {
    const { substrate } = openTo(() => streamOf([]));
    const raw = substrateWith({ envelope: "none" });
    const produce = () => fromText("x");
    const wrong: readonly [Record<string, unknown>, RegExp][] = [
      [{ substrate, projectId: "p" }, /authorize must be a function/],
      [{ substrate, projectId: "p", authorize: true }, /authorize must be a function/],
      [{ substrate, authorize }, /projectId/],
      [{ authorize, projectId: "p" }, /either a substrate or a produce/],
      [{ authorize, projectId: "p", substrate, produce }, /either a substrate or a produce/],
      [{ authorize, projectId: "p", substrate, hooks }, /hooks belongs to the owner/],
      [{ authorize, projectId: "p", substrate, partialText: "keep" }, /partialText belongs to the owner/],
      [{ authorize, projectId: "p", substrate: raw }, /hooks must be/],
      [{ authorize, projectId: "p", produce }, /hooks must be/],
      [{ authorize, projectId: "p", produce, hooks: {} }, /persistAssistantMessage/],
      [{ authorize, projectId: "p", produce, hooks: { ...hooks, onEvent: 5 } }, /onEvent/],
      [{ authorize, projectId: "p", produce, hooks, onDisconnect: "leave" }, /onDisconnect/],
      [{ authorize, projectId: "p", substrate, keepAliveMs: 0 }, /keepAliveMs/],
      [{ authorize, projectId: "p", substrate, limits: { maxBodyBytes: 0 } }, /maxBodyBytes/],
      [{ authorize, projectId: "p", substrate, message: "text" }, /message/],
    ];
    for (const [options, message] of wrong) {
      expect(() => chatTurnRoutes(options as unknown as ChatTurnRoutesOptions)).toThrow(message);
    }
  });

  it("hands the substrate what it was told, under an id with the tenant in it", async () => {
    const { substrate, opened } = openTo(() => streamOf([completed]));
    await eventsOf(
      await post(routesOver(substrate), { ...turn, attempt: 2, agent: "other", data: { a: [1] }, after: "7" }),
    );
    expect(opened).toMatchObject([
      {
        executionId: "acme@p:s:0~2",
        identity: { tenantId: "acme", userId: "ada", sessionId: "s", turnIndex: 0 },
        input: { message: "Hello", agent: "other", data: { a: [1] } },
        after: "7",
      },
    ]);
    await eventsOf(await post(routesOver(substrate)));
    expect(Object.keys(opened[1] ?? {}).sort()).toEqual(["executionId", "identity", "input", "signal"]);
    expect(opened[1]?.input).toEqual({ message: "Hello" });
  });

  it("reads messages by the product's own schema, also one that asks a database", async () => {
    const { substrate, opened } = openTo(() => streamOf([completed]));
    const message = z
      .string()
      .refine(async (text) => Promise.resolve(text !== "forbidden"))
      .transform((text) => text.trim());
    const app = routesOver(substrate, { message });
    const refused = await post(app, { ...turn, message: "forbidden" });
    expect((await problemOf(refused)).errors?.map(({ path }) => path)).toEqual(["message"]);
    await eventsOf(await post(app, { ...turn, message: " Hi " }));
    expect(opened.map(({ input }) => input.message)).toEqual(["Hi"]);
  });

  it("works behind a middleware that has read the body", async () => {
    const { substrate, opened } = openTo(() => streamOf([completed]));
    const app = new Hono();
    app.use(async (context, next) => {
      await context.req.json();
      await next();
    });
    app.route("/", routesOver(substrate, { limits: { maxBodyBytes: 100 } }));
    expect((await post(app)).status).toBe(200);
    expect(opened).toHaveLength(1);
    expect((await post(app, { ...turn, message: "x".repeat(100) })).status).toBe(413);
  });

  it("gives a turn of its own to the platform's waitUntil", async () => {
    const app = chatTurnRoutes({ authorize, projectId: "p", produce: () => fromText("Hello"), hooks });
    const kept: Promise<unknown>[] = [];
    const request = new Request("http://x/turns", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(turn),
    });
    const platform = {
      waitUntil: (promise: Promise<unknown>) => void kept.push(promise),
      passThroughOnException: () => undefined,
      props: {},
    };
    await (await app.fetch(request, {}, platform)).text();
    expect(await Promise.all(kept)).toMatchObject([{ status: "completed", finalText: "Hello" }]);
  });

  it("calls hooks and a raw substrate on the objects that they are, private fields and all", async () => {
    class Answers {
      readonly #kept: string[] = [];
      persistAssistantMessage({ finalText }: { finalText: string }): void {
        this.#kept.push(finalText);
      }
      kept(): readonly string[] {
        return this.#kept;
      }
    }
    const produced = new Answers();
    const produce = () => fromText("Hello");
    const bare = chatTurnRoutes({ authorize, projectId: "p", produce, hooks: produced, log: () => undefined });
    expect((await eventsOf(await post(bare))).at(-1)?.type).toBe("session.run.completed");
    expect(produced.kept()).toEqual(["Hello"]);

    class Place implements Substrate {
      readonly envelope = "none";
      readonly #words = ["a ", "b "].map((text, index) => ({ id: String(index + 1), ...textDelta(text) }));
      open(): Promise<never> {
        return Promise.reject(new Error("Nobody starts anything here"));
      }
      async attach(executionId: string): Promise<Attachment> {
        return { executionId, created: false, events: streamOf(this.#words) };
      }
      async inspect(executionId: string): Promise<ExecutionSnapshot> {
        const lastEventId = String(this.#words.length);
        const identity = { executionId, sessionId: "s", tenantId: "acme" };
        return { ...identity, state: "running", attempt: 1, lastEventId, approvals: [] };
      }
      async cancel(executionId: string): Promise<ExecutionSnapshot> {
        return this.inspect(executionId);
      }
      decide(): Promise<never> {
        return this.open();
      }
    }
    for (const substrate of [new Place(), Object.freeze(new Place())]) {
      const answers = new Answers();
      const app = routesOver(substrate, { hooks: answers });
      const events = await eventsOf(await app.request("/turns/acme%40p%3As%3A0/events?after=1"));
      expect(events.map(({ type, id }) => id ?? type)).toEqual(["session.run.started", "2", "session.run.completed"]);
      expect(answers.kept()).toEqual(["a b "]);
    }
  });

  it("lets go at once of what it attached to for HEAD", async () => {
    const signals: (AbortSignal | undefined)[] = [];
    let read = false;
    const substrate = substrateWith({
      attach: async (executionId, options) => {
        signals.push(options?.signal);
        async function* events(): AsyncGenerator<TurnEvent> {
          read = true;
          yield completed;
        }
        return { executionId, created: false, events: events() };
      },
    });
    const response = await routesOver(substrate).request("/turns/acme%40p%3As%3A0/events", { method: "HEAD" });
    expect([response.status, await response.text()]).toEqual([200, ""]);
    expect(signals.map((signal) => signal?.aborted)).toEqual([true]);
    expect(read).toBe(false);
  });

  it("plays no turn for HEAD", async () => {
    let ended = 0;
    const snapshot = {
      executionId: "acme@p:s:0",
      sessionId: "s",
      tenantId: "acme",
      state: "running",
      attempt: 1,
      approvals: [],
    } as const;
    const substrate = substrateWith({ envelope: "none", inspect: async () => snapshot });
    const app = routesOver(substrate, { hooks: { ...hooks, onTurnEnd: () => void ended++ } });
    const response = await app.request("/turns/acme%40p%3As%3A0/events", { method: "HEAD" });
    expect([response.status, response.headers.get("x-execution-id")]).toEqual([200, "acme@p:s:0"]);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(ended).toBe(0);
  });

  it("ends a stream whose log breaks off without a terminal event, and tells the log", async () => {
    const logs: unknown[] = [];
    const status: TurnEvent = { id: "1", type: "status" };
    const { substrate } = openTo(() => streamOf([status], new Error("disk")));
    const response = await post(routesOver(substrate, { log: (message, meta) => void logs.push([message, meta]) }));
    expect(await eventsOf(response)).toEqual([status]);
    expect(logs).toMatchObject([["A reader's events broke off", { executionId: "acme@p:s:0" }]]);
  });

  it("says a heartbeat soon when nothing is said at all, and then after each silence", async () => {
    const clock = createVirtualClock();
    let release: (() => void) | undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const { substrate } = openTo(async function* () {
      await gate;
      yield completed;
    });
    const response = await post(routesOver(substrate, { clock }));
    const heard: string[] = [];
    const done = eventsOf(response).then((events) => heard.push(...events.map(({ type }) => type)));
    await clock.advance(17_000);
    release?.();
    await done;
    expect(heard).toEqual([
      "session.run.heartbeat",
      "session.run.heartbeat",
      "session.run.heartbeat",
      "session.run.completed",
    ]);
    expect(clock.pending).toBe(0);
    await eventsOf(await post(routesOver(openTo(() => streamOf([])).substrate, { clock })));
    expect(clock.pending).toBe(0);
    const silent = openTo(() => streamOf([completed]));
    await eventsOf(await post(routesOver(silent.substrate, { clock, keepAliveMs: Infinity })));
    expect(clock.pending).toBe(0);
  });

  describe("authorize", () => {
    it("may answer with any Response, returned, thrown, or in a HTTPException", async () => {
      const answers: readonly Authorize[] = [
        () => new Response("No", { status: 418 }),
        () => Promise.reject(new Response("No", { status: 418 }) as unknown as Error),
        () => {
          throw new HTTPException(418, { message: "No" });
        },
      ];
      for (const one of answers) {
        const response = await post(routesOver(substrateWith({}), { authorize: one }));
        expect([response.status, await response.text()]).toEqual([418, "No"]);
      }
    });

    it("is asked what is intended, of a request whose body is unread", async () => {
      const asked: unknown[] = [];
      const app = routesOver(substrateWith({}), {
        authorize: (request, { intent }) => {
          asked.push([intent, request.bodyUsed]);
          return undefined;
        },
      });
      const at = "/turns/x";
      for (const path of ["/turns", `${at}/cancel`, `${at}/approvals/y`]) await post(app, turn, path);
      for (const path of [at, `${at}/events`, "/sessions/x/turns"]) await app.request(path);
      expect(asked).toEqual(
        ["start", "cancel", "decide", "inspect", "attach", "list"].map((intent) => [intent, false]),
      );
    });

    it("lets nobody use a session on anything but a plain yes", async () => {
      for (const said of [false, undefined, 1, "yes", {}]) {
        const app = routesOver(substrateWith({}), {
          authorize: () => ({ tenantId: "acme", userId: "ada", mayUseSession: () => said as boolean }),
        });
        expect((await post(app)).status).toBe(403);
        expect((await app.request("/turns/acme%40p%3As%3A0")).status).toBe(404);
        expect((await app.request("/sessions/s/turns")).status).toBe(403);
      }
    });
  });

  it("tells a stranger nothing of the server's own troubles", async () => {
    for (const [error, status, retryAfter] of [
      [new TurnError("store-failed", "/var/secret.db is full"), 500, null],
      [new TurnError("store-busy", "/var/secret.db is locked"), 503, "1"],
      [new TurnError("closed", "worker secret stops"), 503, "1"],
      [new Error("secret"), 500, null],
    ] as const) {
      const logs: unknown[] = [];
      const substrate = substrateWith({ open: () => Promise.reject(error) });
      const response = await post(routesOver(substrate, { log: (_message, meta) => void logs.push(meta?.["error"]) }));
      expect([response.status, response.headers.get("retry-after")]).toEqual([status, retryAfter]);
      expect(await response.text()).not.toContain("secret");
      expect(logs).toEqual([error]);
    }
  });

  it("says no more about a request than helps, however much of it is wrong", async () => {
    const app = routesOver(openTo(() => streamOf([])).substrate);
    const unknown = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`key${index}`, 1]));
    const response = await post(app, { ...turn, ...unknown });
    const text = await response.text();
    expect([response.status, text.length < 2000], text.slice(0, 300)).toEqual([400, true]);
    expect(text).toContain('Unrecognized keys: \\"key0\\"');
  });

  it("exports its schemas, each of which can be written down as JSON Schema", () => {
    const schemas = Object.entries(http).filter(([, value]) => value instanceof z.core.$ZodType);
    expect(schemas.map(([name]) => name).sort()).toEqual([
      "approvalParams",
      "attachQuery",
      "cancelTurnBody",
      "decideApprovalBody",
      "executionParams",
      "sessionParams",
      "sessionTurnsQuery",
      "startTurnBody",
      "userMessage",
    ]);
    for (const [, schema] of schemas) expect(z.toJSONSchema(schema as z.core.$ZodType)).toBeDefined();
  });
});
