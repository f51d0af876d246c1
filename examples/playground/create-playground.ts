import { Hono } from "hono";
import { chatTurnRoutes } from "turnwire/hono";
import { createRunEngine } from "turnwire/run";
import { sqliteStore } from "turnwire/sqlite";
import { playgroundAgents } from "./agents/index.ts";
import { withQuestion } from "./agents/playground-agent.ts";
import { answerWithFile } from "./page-files.ts";
import { openTraceBook } from "./trace-book.ts";

export interface Playground {
  readonly fetch: (request: Request) => Response | Promise<Response>;
  /** Begins to work: an earlier process's turns go on, whether or not somebody looks. */
  start(): void;
  stop(): Promise<void>;
}

/** A chat product in small: agents, a store in a file, the routes, and a page in front of them. */
export function createPlayground({ path }: { readonly path: string }): Playground {
  const agents = playgroundAgents(process.env);
  const store = sqliteStore({ path });
  const book = openTraceBook(`${path}-book`);
  const engine = createRunEngine({
    store,
    agents: Object.fromEntries(Object.entries(agents).map(([name, { agent }]) => [name, withQuestion(agent)])),
    hooks: book.hooks,
    // The only worker on its file. Under the same name, a process that comes back takes its turns up at once, where a
    // stranger would have to wait for their leases to lapse.
    workerId: "playground",
    partialText: "keep",
    // People kill this server for fun.
    recovery: { maxAttempts: 100 },
  });

  const app = new Hono();
  app.route(
    "/api",
    chatTurnRoutes({
      substrate: engine,
      projectId: "playground",
      // It listens on this machine alone, and whoever is here is let in. The host is checked, so that a page from
      // elsewhere cannot get in under a name of its own that leads here.
      authorize: ({ url }) => (isLocal(new URL(url)) ? { tenantId: "local", userId: "you" } : undefined),
      keepAliveMs: 5_000,
    }),
  );
  app.get("/about", (context) =>
    context.json({
      pid: process.pid,
      now: Date.now(),
      database: path,
      agents: Object.entries(agents).map(([name, { title, about, example }]) => ({ name, title, about, example })),
    }),
  );
  app.get("/trace/:executionId", (context) => {
    if (!isLocal(new URL(context.req.url))) return context.notFound();
    const executionId = context.req.param("executionId");
    return context.json({ now: Date.now(), times: book.times(executionId), saved: book.savedAnswer(executionId) });
  });
  app.all("*", (context) => answerWithFile(context.req.raw));

  return {
    fetch: (request) => app.fetch(request),
    start: () => engine.start(),
    async stop() {
      await engine.stop({ graceMs: 0 });
      await store.close();
      book.close();
    },
  };
}

function isLocal({ hostname }: URL): boolean {
  return ["127.0.0.1", "localhost", "[::1]"].includes(hostname);
}
