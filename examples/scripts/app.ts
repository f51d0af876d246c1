import { chatTurnRoutes } from "turnwire/hono";
import { tools } from "turnwire/inference";
import { createRunEngine, memoryStore } from "turnwire/run";
import { scriptAgent } from "turnwire/script";

// Two tenants, each with a script of its own that answers its turns, behind the same routes.

/** What the product lets scripts do. */
const productTools = tools.createRegistry().register({
  name: "sendMail",
  parameters: { type: "object", properties: { to: { type: "string" } }, required: ["to"] },
  handler: async ({ to }: { to: string }) => `Mail to ${to} is on its way`,
});

/** Stands in for the place where tenants save their scripts. */
const scripts: Readonly<Record<string, string>> = {
  // Middleware that redacts, around the simplest of engines.
  acme: `
    import { createSession, engines, turns } from "turnwire";

    async function redacts(turn, next) {
      const answer = await next(turn);
      for (const block of answer.blocks) {
        if (block.kind === "llm_text") block.payload.text = block.payload.text.replaceAll(/\\d{4,}/g, "[number]");
      }
      return answer;
    }

    export default async (turn, ctx) => {
      const session = createSession({ engine: engines.echo(), middlewares: [redacts] });
      await ctx.forward(session.start(turns.newTurn({ blocks: [turns.newUserBlock(turn.message)] })));
    };`,
  // A tool that a person has to allow.
  globex: `
    export default async (turn, ctx) => {
      const input = { to: "ada@example.com" };
      if (turn.resume?.decision === "approve") return ctx.tools.call("sendMail", input);
      if (turn.resume) return "Then I will not.";
      await ctx.text("I need your word first. ");
      return ctx.requestApproval({ toolName: "sendMail", input });
    };`,
};

const agents = new Map(
  Object.entries(scripts).map(([tenant, source]) => [tenant, scriptAgent({ source, tools: productTools })]),
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
