import { textDelta, type TurnEvent } from "turnwire";
import { chatTurnRoutes } from "turnwire/hono";
import { type AgentRun, createRunEngine } from "turnwire/run";
import { sqliteStore } from "turnwire/sqlite";

// Chat turns on Deno without a framework of your own: the routes' `fetch` is a plain handler.
// deno serve --port 8787 --allow-net --allow-read --allow-write --allow-env server.ts

async function* agent({ input }: AgentRun): AsyncGenerator<TurnEvent> {
  const message = typeof input.message === "string" ? input.message : "something with parts";
  for (const word of `You said: ${message}`.split(/(?<= )/)) yield textDelta(word);
}

const { fetch } = chatTurnRoutes({
  substrate: createRunEngine({ store: sqliteStore({ path: "turns.db" }), agents: { default: agent } }),
  projectId: "example",
  authorize: (request) =>
    request.headers.get("authorization") === "Bearer secret-of-ada" ? { tenantId: "acme", userId: "ada" } : undefined,
});

export default { fetch: (request: Request) => fetch(request) };
