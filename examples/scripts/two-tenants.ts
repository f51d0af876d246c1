import { chatTurnRoutes } from "turnwire/hono";
import { createRunEngine, memoryStore } from "turnwire/run";
import { scriptAgent } from "turnwire/script";
import { productTools } from "./product-tools.ts";
import { readScript } from "./read-script.ts";

// Two tenants, each with a script of its own that answers its turns, behind the same routes.

const tenants = ["acme", "globex"];

const agents = new Map(
  tenants.map((tenant) => [tenant, scriptAgent({ source: readScript(`tenants/${tenant}`), tools: productTools })]),
);

const engine = createRunEngine({
  store: memoryStore(),
  agents: {
    default(run) {
      const agent = agents.get(run.identity.tenantId);
      if (agent === undefined) throw new Error("This tenant has no script");
      return agent.stream(run);
    },
  },
});

const app = chatTurnRoutes({
  substrate: engine,
  projectId: "scripts",
  // From your own authentication. Here the tenant's name is the token.
  authorize(request) {
    const tenantId = request.headers.get("authorization")?.replace("Bearer ", "") ?? "";
    return agents.has(tenantId) ? { tenantId, userId: "ada" } : new Response("Who are you?", { status: 401 });
  },
});

export { engine };
export default app;
