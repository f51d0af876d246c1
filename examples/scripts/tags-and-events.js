import { consts, createSession, turns } from "turnwire";

// What is hung on a run as tags reaches every callback and every event of it; events are listened to by their type.

/** @type {import("turnwire").EngineFunction} */
function greets(turn, { tags, partial }) {
  const greeting = tags?.plan === "pro" ? "Good day, and thank you." : "Hello.";
  partial(greeting);
  return turns.appendBlock(turn, turns.newAssistantBlock(greeting));
}

/** @type {import("turnwire").ScriptAnswer} */
export default async (turn, ctx) => {
  const session = createSession({ engine: greets });
  const seed = turns.newTurn({ blocks: [turns.newUserBlock(turn.text)] });
  // The run's own tags beside those that the product gave the turn.
  const handle = session.start(seed, { tags: { ...ctx.tags, topic: "greeting" } });
  handle
    .on(consts.EventType.START, ({ tags }) => ctx.emit({ type: "status", data: { status: "started", tags } }))
    .on(consts.EventType.FINAL, ({ text, tags }) => ctx.emit({ type: "status", data: { status: "done", text, tags } }));
  await ctx.forward(handle);
};
