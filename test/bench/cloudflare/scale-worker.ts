import { defineTurnObject, durableObjectSubstrate, type ObjectNamespace } from "turnwire/cloudflare";
import { chatTurnRoutes } from "turnwire/hono";
import { benchAgent } from "./bench-agent.ts";

// The product's routes and object, and a bare object that streams the same lines and keeps nothing.

const CHUNK_CHARS = 16 * 1024;

interface Env {
  readonly TurnObject: ObjectNamespace;
  readonly BareObject: ObjectNamespace;
}

export const TurnObject = defineTurnObject({
  agents: { default: { stream: benchAgent, replay: "safe" } },
  hooks: { persistAssistantMessage: () => undefined },
  // Many turns of one session at once, to see what an object can bear.
  session: "parallel",
  maxConcurrentRuns: 10_000,
});

const encoder = new TextEncoder();

export class BareObject {
  async fetch(request: Request): Promise<Response> {
    const message = await request.text();
    const events = benchAgent({ input: { message } } as Parameters<typeof benchAgent>[0]);
    let id = 0;
    return new Response(
      new ReadableStream({
        async pull(controller) {
          // Many lines at once: one at a time takes thirty times as long, all of it between the objects.
          let lines = "";
          while (lines.length < CHUNK_CHARS) {
            const next = await events.next();
            if (next.done === true) break;
            lines += `${JSON.stringify({ ...next.value, id: String(++id) })}\n`;
          }
          if (lines === "") controller.close();
          else controller.enqueue(encoder.encode(lines));
        },
      }),
      { headers: { "content-type": "application/x-ndjson" } },
    );
  }
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname.startsWith("/bare/")) {
      const id = env.BareObject.idFromName(pathname.slice("/bare/".length));
      return env.BareObject.get(id).fetch("http://bare/", { method: "POST", body: await request.text() });
    }
    const routes = chatTurnRoutes({
      substrate: durableObjectSubstrate(env.TurnObject),
      projectId: "bench",
      authorize: () => ({ tenantId: "acme", userId: "ada" }),
    });
    return routes.fetch(request);
  },
};
