import { defineTurnObject, durableObjectSubstrate } from "turnwire/cloudflare";
import { chatTurnRoutes } from "turnwire/hono";

// Only compiled: a Worker as a product writes it, with Cloudflare's own types and nothing of Node's or a browser's.

interface Env {
  readonly TURNS: DurableObjectNamespace;
  readonly ANSWERS: KVNamespace;
}

export class TurnObject extends defineTurnObject<Env>((env) => ({
  agents: {
    default: async function* ({ signal }) {
      if (!signal.aborted) yield { type: "status" };
    },
  },
  hooks: { persistAssistantMessage: ({ executionId = "", finalText }) => env.ANSWERS.put(executionId, finalText) },
})) {}

export const objectClass: new (state: DurableObjectState, env: Env) => DurableObject = TurnObject;

export default {
  fetch: (request, env, context) =>
    chatTurnRoutes({
      substrate: durableObjectSubstrate(env.TURNS),
      projectId: "support",
      authorize: () => ({ tenantId: "acme", userId: "ada" }),
    }).fetch(request, env, context),
} satisfies ExportedHandler<Env>;
