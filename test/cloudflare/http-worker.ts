import { defineTurnObject, durableObjectSubstrate, type ObjectNamespace } from "../../src/cloudflare/index.ts";
import { createAppOver, createAppParts } from "../http/test-app.ts";

// The app of the HTTP tests with Durable Objects behind it. Worker and objects are one isolate here, so that the view
// behind the routes sees what the agents do.

interface Env {
  readonly STORED: ObjectNamespace;
  readonly TRIMMING: ObjectNamespace;
}

const parts = createAppParts();
const { agents, hooks, log } = parts;

export class StoredObject extends defineTurnObject({ agents, hooks, log }) {}
// What is over is trimmed with the next look, which is due when the lease would have lapsed.
export class TrimmingObject extends defineTurnObject({
  agents,
  log,
  leaseMs: 300,
  retention: { maxRuns: 0 },
}) {}

export default {
  fetch(request: Request, env: Env): Response | Promise<Response> {
    const stored = durableObjectSubstrate(env.STORED);
    const trimming = durableObjectSubstrate(env.TRIMMING);
    // The platform ends a request's code together with its client, and so nobody here can count who is left.
    return createAppOver(parts, { stored, trimming, readers: () => 0 }).fetch(request);
  },
};
