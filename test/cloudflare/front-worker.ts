import { Hono } from "hono";
import { durableObjectSubstrate, type ObjectNamespace } from "../../src/cloudflare/index.ts";
import { chatTurnRoutes } from "../../src/http/index.ts";
import { readNotes } from "./ledger-object.ts";
import { PROBE_URL } from "./probed-object.ts";

// A product's Worker: the routes before the objects, each kind of them under its own address; and what the tests need
// beside that. Whatever it knows, it knows for one request.

type Env = Readonly<Record<string, ObjectNamespace>>;

/** Told with each answer, so that a test can see that isolates differ. */
let isolate: string | undefined;

const PROJECT = "test";

/** `tenant/user`. */
function authorize(request: Request): { tenantId: string; userId: string } | undefined {
  const [tenantId, userId] = (request.headers.get("authorization") ?? "").split("/");
  return tenantId === undefined || userId === undefined ? undefined : { tenantId, userId };
}

function routesOf(namespace: ObjectNamespace, attempts: number): Hono {
  const substrate = durableObjectSubstrate(namespace, { retry: { attempts, baseMs: 20 } });
  return chatTurnRoutes({ substrate, projectId: PROJECT, authorize });
}

async function answer(request: Request, env: Env): Promise<Response> {
  const app = new Hono();
  const namespaceOf = (kind: string): ObjectNamespace | undefined => env[kind.toUpperCase()];
  for (const kind of Object.keys(env)) {
    const namespace = namespaceOf(kind);
    if (namespace === undefined || kind === "LEDGER") continue;
    app.route(`/${kind.toLowerCase()}`, routesOf(namespace, 6));
    // Asks an object once, and never again when that fails.
    app.route(`/once/${kind.toLowerCase()}`, routesOf(namespace, 1));
  }
  app.get("/notes/:executionId", async (context) => {
    const ledger = namespaceOf("ledger");
    return context.json(ledger === undefined ? [] : await readNotes(ledger, context.req.param("executionId")));
  });
  app.post("/probe/:kind/:object", async (context) => {
    const namespace = namespaceOf(context.req.param("kind"));
    if (namespace === undefined) return context.notFound();
    const object = namespace.get(namespace.idFromName(context.req.param("object")));
    try {
      return await object.fetch(PROBE_URL, { method: "POST", body: await context.req.text() });
    } catch (error) {
      return context.text(String(error), 502);
    }
  });
  return app.fetch(request);
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    isolate ??= crypto.randomUUID();
    const response = await answer(request, env);
    const headers = new Headers(response.headers);
    headers.set("x-isolate", isolate);
    return new Response(response.body, { status: response.status, headers });
  },
};
