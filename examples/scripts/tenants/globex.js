// Globex wants a person to allow each mail.

/** @type {import("turnwire").ScriptAnswer} */
export default async (turn, ctx) => {
  const input = { to: "ada@example.com" };
  if (turn.resume?.decision === "approve") return ctx.tools.call("sendMail", input);
  if (turn.resume) return "Then I will not.";
  await ctx.text("I need your word first. ");
  return ctx.requestApproval({ toolName: "sendMail", input });
};
