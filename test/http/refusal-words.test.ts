import { expect, it } from "vitest";
import { chatTurnRoutes } from "../../src/http/index.ts";
import { problemOf } from "./http-client.ts";

// In a file of its own: the large zod, which other tests import, brings words for everybody.

it("a refusal says in words what is wrong with each field", async () => {
  const app = chatTurnRoutes({
    produce: () => {
      throw new Error("Nothing is started");
    },
    hooks: { persistAssistantMessage: () => undefined },
    projectId: "p",
    authorize: () => ({ tenantId: "acme", userId: "ada" }),
  });
  const response = await app.request("/turns", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ sessionId: "s".repeat(201), turnIndex: -1, message: 7, colour: "red" }),
  });
  expect(response.status).toBe(400);
  const { errors } = await problemOf(response);
  const words = Object.fromEntries((errors ?? []).map(({ path, detail }) => [path, detail]));
  expect(words["sessionId"]).toMatch(/200 characters/);
  expect(words["turnIndex"]).toMatch(/>=\s?0/);
  expect(words["message"]).toBe("Expected a text, or a list of parts with a type");
  expect(words[""]).toMatch(/colour/);
});
