import { textDelta } from "turnwire";
import { defineTurnObject, durableObjectSubstrate, type ObjectNamespace } from "turnwire/cloudflare";
import { chatTurnRoutes } from "turnwire/hono";

// The smallest Worker with routes and a Durable Object, for its size and its start.

interface Env {
  readonly TurnObject: ObjectNamespace;
}

export const TurnObject = defineTurnObject({
  agents: {
    default: async function* ({ input }) {
      yield textDelta(`You said: ${JSON.stringify(input.message)}`);
    },
  },
});

export default {
  fetch(request: Request, env: Env): Response | Promise<Response> {
    if (new URL(request.url).pathname === "/ready") return new Response("ready");
    const routes = chatTurnRoutes({
      substrate: durableObjectSubstrate(env.TurnObject),
      projectId: "bundle",
      authorize: () => ({ tenantId: "acme", userId: "ada" }),
    });
    return routes.fetch(request);
  },
};
