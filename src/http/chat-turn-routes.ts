import { type Context, Hono } from "hono";
import { TurnError } from "../errors.ts";
import { attachTurn } from "./attach-turn.ts";
import { authorizeRequest } from "./authorize-request.ts";
import { cancelTurn, decideApproval, inspectTurn, listTurns } from "./manage-turns.ts";
import { loadOwnTurns } from "./load-own-turns.ts";
import { ignoreRejection } from "../internal/ignore-rejection.ts";
import { refuse } from "./problem.ts";
import type { RouteCall } from "./route-call.ts";
import { type ChatTurnRoutesOptions, resolveRoutes, type RouteIntent, type Routes } from "./route-options.ts";
import { startTurn } from "./start-turn.ts";

interface Route {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly intent: RouteIntent;
  readonly answer: (call: RouteCall) => Promise<Response>;
}

const ROUTES: readonly Route[] = [
  { method: "POST", path: "/turns", intent: "start", answer: startTurn },
  { method: "GET", path: "/turns/:executionId/events", intent: "attach", answer: attachTurn },
  { method: "GET", path: "/turns/:executionId", intent: "inspect", answer: inspectTurn },
  { method: "POST", path: "/turns/:executionId/cancel", intent: "cancel", answer: cancelTurn },
  { method: "POST", path: "/turns/:executionId/approvals/:approvalId", intent: "decide", answer: decideApproval },
  { method: "GET", path: "/sessions/:sessionId/turns", intent: "list", answer: listTurns },
];

/**
 * Routes for chat turns, to mount in a Hono app; their `fetch` is a plain request handler. Without its `authorize`
 * nobody is let in, and another tenant's executions are not there.
 *
 * @example
 * ```ts
 * import { Hono } from "hono";
 * import { textDelta } from "turnwire";
 * import { chatTurnRoutes } from "turnwire/hono";
 * import { createRunEngine, memoryStore } from "turnwire/run";
 *
 * const substrate = createRunEngine({
 *   store: memoryStore(),
 *   agents: {
 *     default: async function* ({ input }) {
 *       yield textDelta(`You said: ${String(input.message)}`);
 *     },
 *   },
 * });
 * const app = new Hono();
 * app.route(
 *   "/chat",
 *   chatTurnRoutes({
 *     substrate,
 *     projectId: "demo",
 *     authorize: (request) =>
 *       request.headers.get("authorization") === "Bearer secret" ? { tenantId: "acme", userId: "ada" } : undefined,
 *   }),
 * );
 * const refused = await app.request("/chat/turns", { method: "POST" });
 * console.log(refused.status); // 401
 * ```
 */
export function chatTurnRoutes(options: ChatTurnRoutesOptions): Hono {
  const routes = resolveRoutes(options);
  // Before the first request wants it; that one tells when it cannot be loaded.
  if (routes.source.kind !== "stored") ignoreRejection(loadOwnTurns());
  const app = new Hono();
  for (const { method, path, intent, answer } of ROUTES) {
    app.on(method, path, (context) => answerRequest(routes, context, intent, answer));
    app.all(path, () => {
      const allow = method === "GET" ? "GET, HEAD" : method;
      return refuse(new TurnError("method-not-allowed", `Use ${allow} here`), routes.log, { allow });
    });
  }
  // Mounted in another app, an address that is not one of these is that app's business.
  app.notFound(() => refuse(new TurnError("not-found", "There is nothing at this address"), routes.log));
  return app;
}

async function answerRequest(
  routes: Routes,
  context: Context,
  intent: RouteIntent,
  answer: Route["answer"],
): Promise<Response> {
  const request = context.req.raw;
  try {
    const tenancy = await authorizeRequest(routes, request, intent);
    if ("status" in tenancy) return tenancy;
    return await answer({ context, request, routes, tenancy, head: context.req.method === "HEAD" });
  } catch (error) {
    return refuse(error, routes.log);
  }
}
