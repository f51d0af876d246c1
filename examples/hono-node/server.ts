import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Hono } from "hono";
import { textDelta, type TurnEvent } from "turnwire";
import { chatTurnRoutes } from "turnwire/hono";
import { type AgentRun, createRunEngine } from "turnwire/run";
import { sqliteStore } from "turnwire/sqlite";
import { createNodeListener } from "../hello/node-listener.ts";

// Chat turns in a Hono app on Node, their executions in one SQLite file: a turn outlives its client and this process.

async function* agent({ input }: AgentRun): AsyncGenerator<TurnEvent> {
  const message = typeof input.message === "string" ? input.message : "something with parts";
  for (const word of `You said: ${message}`.split(/(?<= )/)) yield textDelta(word);
}

const app = new Hono();
app.route(
  "/chat",
  chatTurnRoutes({
    substrate: createRunEngine({ store: sqliteStore({ path: "turns.db" }), agents: { default: agent } }),
    projectId: "example",
    authorize: (request) =>
      request.headers.get("authorization") === "Bearer secret-of-ada" ? { tenantId: "acme", userId: "ada" } : undefined,
  }),
);

const server = createServer(createNodeListener((request) => app.fetch(request)));
server.listen(Number(process.env["PORT"] ?? 8787), "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}/chat`);
});
