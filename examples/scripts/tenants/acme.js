import { createSession, engines, turns } from "turnwire";

// Acme lets no number of more than three digits out.

/** @type {import("turnwire").MiddlewareFunction} */
async function redacts(turn, next) {
  const answer = await next(turn);
  for (const { kind, payload } of answer.blocks) {
    if (kind === "llm_text" && payload) payload.text = String(payload.text).replaceAll(/\d{4,}/g, "[number]");
  }
  return answer;
}

/** @type {import("turnwire").ScriptAnswer} */
export default async (turn, ctx) => {
  const session = createSession({ engine: engines.echo(), middlewares: [redacts] });
  const seed = turns.newTurn({ blocks: [turns.newUserBlock(turn.text)] });
  await ctx.forward(session.start(seed));
};
