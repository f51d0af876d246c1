/** Scripts that answer turns, by what they do. */
export const turnScripts: Readonly<Record<string, string>> = {
  streams: `export default async (turn, ctx) => {
    for (const word of turn.text.split(" ")) await ctx.text(word + ".");
  };`,
  usesTool: `
    import { createSession, turns } from "turnwire";
    export default async (turn, ctx) => {
      const session = createSession({ engine: ctx.engines.model, tools: ctx.tools });
      await ctx.forward(session.start(turns.newTurn({ blocks: [turns.newUserBlock(turn.text)] })));
    };`,
  asks: `export default async (turn, ctx) => {
    if (turn.resume) return turn.resume.decision + " " + JSON.stringify(turn.resume.input ?? null);
    await ctx.text("May I? ");
    return ctx.requestApproval({ toolName: "send", input: { to: "ada" } });
  };`,
  inTool: `export default async (turn, ctx) => {
    await ctx.text("Before");
    await ctx.emit({ type: "status", data: { status: "calling" } });
    await ctx.tools.call("slow");
    await ctx.text("after");
  };`,
  throws: "export default async (turn, ctx) => { await ctx.text('So far'); throw new RangeError('no way'); };",
  loops: "export default async (turn, ctx) => { await ctx.text('So far'); for (;;); };",
  hangs: "export default async (turn, ctx) => { await ctx.text('So far'); await new Promise(() => {}); };",
  ...Object.fromEntries(
    ["crashes", "crashesUnsafely"].map((name) => [
      name,
      `export default async (turn, ctx) => {
        if (turn.checkpoint) return ", kept " + turn.checkpoint.step + ", attempt " + turn.attempt;
        await ctx.text("One");
        await ctx.saveCheckpoint({ step: 1 });
        await ctx.text("lost");
        await new Promise(() => {});
      };`,
    ]),
  ),
};

/** Those that may be begun again after a crash. */
export const replaySafe: readonly string[] = ["crashes"];
