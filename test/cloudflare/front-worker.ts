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
  const [first = "", second = ""] = new URL(request.url).pathname.slice(1).split("/");
  const namespaceOf = (kind: string): ObjectNamespace | undefined => env[kind.toUpperCase()];
  // Below `/once` an object is asked once, and never again when that fails.
  const [mount, kind, attempts] = first === "once" ? [`/once/${second}`, second, 1] : [`/${first}`, first, 6];
  const asked = namespaceOf(kind);
  if (asked !== undefined) app.route(mount, routesOf(asked, attempts));
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
