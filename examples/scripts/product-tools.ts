import { tools, type ToolRegistry } from "turnwire/inference";

/** What the product of these examples lets scripts do. */
export const productTools: ToolRegistry = tools
  .createRegistry()
  .register({
    name: "sendMail",
    description: "Sends a mail",
    parameters: { type: "object", properties: { to: { type: "string" } }, required: ["to"] },
    handler: async ({ to }: { to: string }) => `Mail to ${to} is on its way`,
  })
  .register({
    name: "add",
    description: "Adds two numbers",
    parameters: { type: "object", properties: { a: { type: "number" }, b: { type: "number" } }, required: ["a", "b"] },
    handler: async ({ a, b }: { a: number; b: number }) => a + b,
  });
