import { Hono } from "hono";
import { fromEvents, textDelta, TurnError, type TurnEvent } from "../../src/index.ts";
import { type Authorize, chatTurnRoutes } from "../../src/http/index.ts";
import { type AgentRun, createRunEngine, memoryStore } from "../../src/run/index.ts";
import type { Substrate } from "../../src/substrate/index.ts";
import type { OwnerHooks } from "../../src/turn/chat-turn-hooks.ts";
import { createDeferred, type Deferred } from "../../src/internal/deferred.ts";
import { rawSubstrate } from "./raw-substrate.ts";

// What the HTTP tests talk to: the routes over each kind of substrate, and a view behind them under /control.

/** What `data` of a turn tells the agents here. */
export interface AgentWish {
  /** Events to say; default 3. */
  readonly count?: number;
  /** Characters of each. */
  readonly size?: number;
  /** Wait at the end until the gate of this name is opened. */
  readonly gate?: string;
}

/** What the routes of this app allow. */
export const LIMITS = { maxBodyBytes: 20_000, maxMessageChars: 5_000, maxBufferedBytes: 16_384 } as const;
export const KEEP_ALIVE_MS = 100;

/** `Bearer tenant/user`; some names make trouble. */
const authorize: Authorize = (request) => {
  const [, tenantId, userId] = /^Bearer ([^/]*)\/(.*)$/.exec(request.headers.get("authorization") ?? "") ?? [];
  if (tenantId === undefined || userId === undefined) return undefined;
  switch (userId) {
    case "thrower":
      throw new Error("the password of the database is swordfish");
    case "blocked":
      throw new TurnError("forbidden", "Your account is closed");
    case "busy":
      throw new TurnError("rate-limited", "Too many turns");
    case "redirected":
      return new Response("Log in first", { status: 302, headers: { location: "/login" } });
    case "nobody":
      return { tenantId, userId: " " };
    case "picky":
      return { tenantId, userId, mayUseSession: (sessionId) => sessionId.startsWith("own-") };
    default:
      return { tenantId, userId };
  }
};

/** The agents and hooks of the app, and what they have done so far. */
export interface AppParts {
  readonly agents: Readonly<Record<string, (run: AgentRun) => AsyncGenerator<TurnEvent>>>;
  readonly hooks: Required<Pick<OwnerHooks, "persistAssistantMessage">>;
  readonly log: (message: string, meta?: Record<string, unknown>) => void;
  readonly say: (wish: AgentWish, signal: AbortSignal) => AsyncGenerator<TurnEvent>;
  openGate(name: string): void;
  done(): Pick<ControlState, "calls" | "produced" | "persisted" | "logs">;
}

export function createAppParts(): AppParts {
  let calls = 0;
  let produced = 0;
  const logs: string[] = [];
  const persisted: Record<string, string> = {};
  const gates = new Map<string, Deferred<void>>();
  const gate = (name: string): Deferred<void> => {
    const known = gates.get(name) ?? createDeferred<void>();
    gates.set(name, known);
    return known;
  };

  async function* say({ count = 3, size, gate: wanted }: AgentWish, signal: AbortSignal): AsyncGenerator<TurnEvent> {
    calls++;
    for (let index = 0; index < count && !signal.aborted; index++) {
      produced++;
      yield textDelta(size === undefined ? `word${index} ` : "x".repeat(size));
    }
    if (wanted === undefined) return;
    const stopped = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    await Promise.race([gate(wanted).promise, stopped]);
  }
  const agents = {
    default: ({ input, signal }: AgentRun) => say((input.data ?? {}) as AgentWish, signal),
    failing: async function* (): AsyncGenerator<TurnEvent> {
      calls++;
      yield textDelta("so far ");
      throw new TurnError("agent-failed", "The model is away");
    },
    asking: async function* ({ resume }: AgentRun): AsyncGenerator<TurnEvent> {
      calls++;
      if (resume === undefined) {
        yield textDelta("May I? ");
        yield { type: "approval.requested", data: { toolName: "rm", input: { path: "/tmp" } } };
      } else {
        yield textDelta(`${resume.decision} ${JSON.stringify(resume.input ?? null)}`);
      }
    },
  };
  const log = (message: string, meta?: Record<string, unknown>): void => void logs.push(`${message} ${show(meta)}`);
  const hooks = {
    persistAssistantMessage: ({ executionId = "", finalText }: { executionId?: string; finalText: string }) =>
      void (persisted[executionId] = finalText),
  };
  return {
    agents,
    hooks,
    log,
    say,
    openGate: (name) => gate(name).resolve(),
    done: () => ({ calls, produced, persisted, logs }),
  };
}

/** What lives behind the app's addresses. */
interface AppSubstrates {
  readonly stored: Substrate;
  /** Deletes the events of each run that has ended. */
  readonly trimming: Substrate;
  readonly raw?: Substrate;
  /** How many read from `stored` right now. */
  readonly readers: () => number;
}

/** The app over engines of its own, and what ends those. */
export function createTestApp(): { readonly app: Hono; stop(): Promise<void> } {
  const parts = createAppParts();
  const { agents, log, hooks } = parts;
  const engineOptions = { agents, log, maxConcurrentRuns: 5000 };
  const engine = createRunEngine({ ...engineOptions, store: memoryStore(), hooks });
  const trimming = createRunEngine({ ...engineOptions, store: memoryStore(), retention: { maxRuns: 0 } });
  const behindRaw = createRunEngine({ ...engineOptions, store: memoryStore() });
  const raw = rawSubstrate(behindRaw);
  const app = createAppOver(parts, { stored: engine, trimming, raw, readers: () => engine.stats().readers });
  return {
    app,
    async stop() {
      await Promise.all([engine, trimming, behindRaw].map((one) => one.stop({ graceMs: 0 })));
    },
  };
}

export function createAppOver(parts: AppParts, { stored, trimming, raw, readers }: AppSubstrates): Hono {
  const { hooks, log, say } = parts;
  const common = { authorize, projectId: "test", limits: LIMITS, keepAliveMs: KEEP_ALIVE_MS, log };

  const app = new Hono();
  app.route("/stored", chatTurnRoutes({ ...common, substrate: stored }));
  app.route("/trimming", chatTurnRoutes({ ...common, substrate: trimming }));
  if (raw !== undefined) app.route("/raw", chatTurnRoutes({ ...common, substrate: raw, hooks }));
  app.route("/other-project", chatTurnRoutes({ ...common, projectId: "other", substrate: stored }));
  const produce = ({ input, signal }: { input: { data?: unknown }; signal: AbortSignal }) =>
    fromEvents(say((input.data ?? {}) as AgentWish, signal));
  app.route("/bare", chatTurnRoutes({ ...common, produce, hooks }));
  app.route("/bare-cancel", chatTurnRoutes({ ...common, produce, hooks, onDisconnect: "cancel" }));
  const alone = chatTurnRoutes({ ...common, substrate: stored });
  // As a plain handler, without an app around it.
  app.all("/alone/*", (context) => {
    const url = new URL(context.req.url);
    url.pathname = url.pathname.slice("/alone".length);
    return alone.fetch(new Request(url, context.req.raw));
  });

  app.get("/control/state", (context) => context.json({ ...parts.done(), readers: readers() } satisfies ControlState));
  app.post("/control/open/:gate", (context) => {
    parts.openGate(context.req.param("gate"));
    return context.body(null, 204);
  });
  return app;
}

/** What `GET /control/state` answers. */
export interface ControlState {
  readonly calls: number;
  readonly produced: number;
  readonly persisted: Readonly<Record<string, string>>;
  readonly logs: readonly string[];
  readonly readers: number;
}

function show(meta: Record<string, unknown> = {}): string {
  return Object.values(meta)
    .map((value) => (value instanceof Error ? `${value.message} ${show({ cause: value.cause })}` : String(value)))
    .join(" ");
}
