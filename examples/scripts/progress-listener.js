import { createSession, turns } from "turnwire";

// One listener for everything: each step of a run, its tools included, is told to the reader as progress.

/** @type {import("turnwire").ScriptAnswer} */
export default async (turn, ctx) => {
  const { model } = ctx.engines;
  if (model === undefined) throw new Error("This product gives no engine called model");
  const session = createSession({ engine: model, tools: ctx.tools });
  const seed = turns.newTurn({ blocks: [turns.newUserBlock(turn.text)] });
  let steps = 0;
  const handle = session.start(seed).on("*", (event) => {
    // Pieces of text come by themselves.
    if (event.type !== "partial") return ctx.emit({ type: "progress", data: { step: ++steps, what: event.type } });
  });
  await ctx.forward(handle);
};
