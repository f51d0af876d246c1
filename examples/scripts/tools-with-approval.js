import { tools } from "turnwire";

// A tool of its own may be used at once; the product's `sendMail` only when a person has agreed.

/** @type {Record<string, string>} */
const addresses = { Ada: "ada@example.com", Grace: "grace@example.com" };

const own = tools.createRegistry().register({
  name: "findAddress",
  description: "Finds somebody's mail address",
  parameters: { type: "object", properties: { name: { type: "string" } }, required: ["name"] },
  handler: (/** @type {{ name: string }} */ { name }) => addresses[name] ?? "info@example.com",
});

/** @type {import("turnwire").ScriptAnswer} */
export default async (turn, ctx) => {
  const { resume } = turn;
  const input = { to: String(own.call("findAddress", { name: turn.text })) };
  if (resume === undefined) {
    await ctx.text(`May I write to ${input.to}? `);
    return ctx.requestApproval({ toolName: "sendMail", input, reason: "Mail leaves the house" });
  }
  // After the decision the script runs afresh, with the input that the person has put in the place of its own.
  if (resume.decision === "approve") return ctx.tools.call("sendMail", input);
  if (resume.decision === "edit") return ctx.tools.call("sendMail", resume.input);
  return "Then I will not.";
};
