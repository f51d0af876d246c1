import { createSession, engines, turns } from "turnwire";

// The smallest script with a session: the simplest of engines answers, and what it says is the turn's answer.

/** @type {import("turnwire").ScriptAnswer} */
export default async (turn, ctx) => {
  const session = createSession({ engine: engines.echo() });
  const seed = turns.newTurn({ blocks: [turns.newUserBlock(turn.text)] });
  await ctx.forward(session.start(seed));
};
