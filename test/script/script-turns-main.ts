import { appendFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createNodeListener } from "../../examples/hello/node-listener.ts";
import { chatTurnRoutes } from "../../src/http/index.ts";
import { type EngineFunction, tools, turns } from "../../src/inference/index.ts";
import { createRunEngine } from "../../src/run/index.ts";
import { createScriptRuntime, quickjs, scriptAgent } from "../../src/script/index.ts";
import { sqliteStore } from "../../src/sqlite/index.ts";
import { replaySafe, turnScripts } from "./turn-scripts.ts";

// A product's server whose turns are answered by scripts, on a database file, made to be killed. It prints its URL, and
// appends what its hooks and tools are told to a file, a line of JSON each.

const { DATABASE = "", NOTES = "" } = process.env;
const note = (what: object): void => appendFileSync(NOTES, `${JSON.stringify(what)}\n`);

const productTools = tools
  .createRegistry()
  .register({ name: "add", handler: async ({ a, b }: { a: number; b: number }) => a + b })
  .register({
    name: "slow",
    handler: (_args, { signal }) =>
      new Promise((_, reject) => {
        signal?.addEventListener("abort", () => {
          note({ tool: "slow", aborted: true });
          reject(new Error("aborted"));
        });
      }),
  });

/** Stands in for a model: asks for a tool, then says what came of it. */
const model: EngineFunction = async (turn, { partial }) => {
  const used = turn.blocks.find(({ kind }) => kind === "tool_use");
  if (used === undefined) return turns.appendBlock(turn, turns.newToolCallBlock("c1", "add", { a: 40, b: 2 }));
  partial("It is ");
  partial(String(used.payload?.["result"]));
  return turns.appendBlock(turn, turns.newAssistantBlock(`It is ${String(used.payload?.["result"])}`));
};

const runtime = createScriptRuntime({ engine: quickjs(), limits: { sliceMs: 500 } });
const agents = Object.entries(turnScripts).map(([name, source]) => {
  const replay = replaySafe.includes(name) ? "safe" : "unsafe";
  return [
    name,
    scriptAgent({
      source,
      runtime,
      engines: { model },
      tools: productTools,
      replay,
      ...(name === "hangs" ? { timeoutMs: 200 } : {}),
    }),
  ];
});

const engine = createRunEngine({
  store: sqliteStore({ path: DATABASE }),
  agents: Object.fromEntries(agents),
  hooks: {
    persistAssistantMessage: ({ executionId, finalText }) => note({ persist: executionId, finalText }),
    onTurnEnd: ({ executionId, outcome }) => note({ end: executionId, outcome }),
  },
  leaseMs: 600,
  pollMs: 20,
});
engine.start();

const app = chatTurnRoutes({
  substrate: engine,
  projectId: "p",
  authorize: () => ({ tenantId: "acme", userId: "ada" }),
});
const server = createServer(createNodeListener((request) => app.fetch(request)));
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
