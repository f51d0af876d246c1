import { defineTurnObject, durableObjectSubstrate, type ObjectNamespace } from "turnwire/cloudflare";
import { chatTurnRoutes } from "turnwire/hono";
import { createScriptRuntime, quickjs, scriptAgent } from "turnwire/script";
import { quickJsWasm } from "turnwire/script/workerd";

// The same with a tenant's script that answers, in QuickJS.

interface Env {
  readonly TurnObject: ObjectNamespace;
}

const runtime = createScriptRuntime({ engine: quickjs({ wasmModule: quickJsWasm }) });

export const TurnObject = defineTurnObject({
  agents: { default: scriptAgent({ source: "export default (turn) => `You said: ${turn.message}`", runtime }) },
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
