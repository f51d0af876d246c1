import { textDelta, type TurnEvent } from "turnwire";
import { chatTurnRoutes } from "turnwire/hono";
import { type AgentRun, createRunEngine } from "turnwire/run";
import { sqliteStore } from "turnwire/sqlite";

// Chat turns on Bun, which serves the default export: bun run server.ts

async function* agent({ input }: AgentRun): AsyncGenerator<TurnEvent> {
  const message = typeof input.message === "string" ? input.message : "something with parts";
  for (const word of `You said: ${message}`.split(/(?<= )/)) yield textDelta(word);
}

const routes = chatTurnRoutes({
  substrate: createRunEngine({ store: sqliteStore({ path: "turns.db" }), agents: { default: agent } }),
  projectId: "example",
  authorize: (request) =>
    request.headers.get("authorization") === "Bearer secret-of-ada" ? { tenantId: "acme", userId: "ada" } : undefined,
});

export default { hostname: "127.0.0.1", fetch: (request: Request) => routes.fetch(request) };
