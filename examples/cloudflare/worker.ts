import { Hono } from "hono";
import { defineTurnObject, durableObjectSubstrate, type ObjectNamespace } from "turnwire/cloudflare";
import { chatTurnRoutes } from "turnwire/hono";
import { withQuestion } from "../playground/agents/playground-agent.ts";
import { agents, type AgentList } from "./agents.ts";

// The playground as a Worker: each session's turns run in a Durable Object of their own. wrangler.toml stands at the top.

interface Env {
  readonly TURNS: ObjectNamespace;
  /** Stands for your own database: one row an answer, under its execution id, so that a save that is repeated replaces it. */
  readonly ANSWERS: { put(key: string, value: string): Promise<void>; get(key: string): Promise<string | null> };
}

/** The object: agents and hooks run in it, once, whoever listens. */
export const TurnObject = defineTurnObject((env: Env) => ({
  agents: questioned(agents),
  hooks: {
    persistAssistantMessage: ({ executionId = "", finalText }) => env.ANSWERS.put(executionId, finalText),
  },
  partialText: "keep",
  retention: { maxAgeMs: 30 * 24 * 3_600_000 },
}));

const app = new Hono<{ Bindings: Env }>();

// What is no API is the page: static files, answered before this Worker is asked.
app.all("/api/*", ({ env, req }) => routesOf(env).fetch(req.raw));
app.get("/about", (context) =>
  context.json({
    pid: 0,
    now: Date.now(),
    database: "a Durable Object per session",
    agents: Object.entries(agents).map(([name, { title, about, example }]) => ({ name, title, about, example })),
  }),
);
app.get("/trace/:executionId", async ({ env, req, json, notFound }) => {
  if (!mayComeIn(req.url)) return notFound();
  // Times of events would be a row each; the page shows when it heard them.
  const text = await env.ANSWERS.get(req.param("executionId"));
  return json({ now: Date.now(), times: {}, ...(text === null ? {} : { saved: { text } }) });
});

export default app;

let routes: Hono | undefined;

/** A Worker's bindings never change while it lives. */
function routesOf(env: Env): Hono {
  routes ??= new Hono().route(
    "/api",
    chatTurnRoutes({
      substrate: durableObjectSubstrate(env.TURNS),
      projectId: "playground",
      authorize: ({ url }) => (mayComeIn(url) ? { tenantId: "local", userId: "you" } : undefined),
    }),
  );
  return routes;
}

/** Whoever is on this machine, and after a deploy nobody. Put your own authentication in its place. */
function mayComeIn(url: string): boolean {
  return ["127.0.0.1", "localhost"].includes(new URL(url).hostname);
}

function questioned(list: AgentList): Readonly<Record<string, ReturnType<typeof withQuestion>>> {
  return Object.fromEntries(Object.entries(list).map(([name, { agent }]) => [name, withQuestion(agent)]));
}
