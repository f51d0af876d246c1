import { chatTurnRoutes } from "turnwire/hono";
import { type EngineFunction, turns } from "turnwire/inference";
import { createRunEngine, memoryStore } from "turnwire/run";
import { createScriptRuntime, quickjs, scriptAgent } from "turnwire/script";
import { productTools } from "./product-tools.ts";
import { readScript } from "./read-script.ts";

// Script agents behind the routes: each script of this folder that answers turns is an agent by the name of its file.

/** Stands in for a model: asks for a tool, then says what came of it. */
const model: EngineFunction = async (turn, { partial }) => {
  const used = turn.blocks.find(({ kind }) => kind === "tool_use");
  if (used === undefined) {
    return turns.appendBlock(turn, turns.newToolCallBlock("call-1", "add", { a: 40, b: 2 }));
  }
  const answer = `It is ${String(used.payload?.["result"])}.`;
  partial(answer);
  return turns.appendBlock(turn, turns.newAssistantBlock(answer));
};

// One runtime for all of them: a VM per tenant, which the agents share.
const runtime = createScriptRuntime({ engine: quickjs() });

const names = ["echo", "tools-with-approval", "tags-and-events", "progress-listener"];
const agents = names.map((name) => {
  const source = readScript(name);
  const tags = { plan: "pro" };
  return [
    name,
    scriptAgent({ source, fileName: `${name}.js`, runtime, engines: { model }, tools: productTools, tags }),
  ];
});

const engine = createRunEngine({ store: memoryStore(), agents: Object.fromEntries(agents) });

const app = chatTurnRoutes({
  substrate: engine,
  projectId: "scripts",
  // From your own authentication.
  authorize: () => ({ tenantId: "acme", userId: "ada" }),
});

export { engine, runtime };
export default app;
