import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, it } from "vitest";
import { createRunEngine, memoryStore } from "turnwire/run";
import { modelAgent } from "../../examples/playground/agents/model.ts";

// The agent for a real model, in front of a server that only speaks like one.

interface Asked {
  readonly path: string | undefined;
  readonly key: unknown;
  readonly messages: unknown;
}

let close: (() => void) | undefined;
afterEach(() => close?.());

async function startModel(body: string, status = 200): Promise<{ url: string; asked: Asked[] }> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    let text = "";
    request.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    request.on("end", () => {
      const { authorization, "x-api-key": key } = request.headers;
      const { messages } = JSON.parse(text) as { messages: unknown };
      asked.push({ path: request.url, key: authorization ?? key, messages });
      response.writeHead(status, { "content-type": status === 200 ? "text/event-stream" : "application/json" });
      // In halves, as a network would.
      response.write(body.slice(0, body.length / 2));
      setImmediate(() => response.end(body.slice(body.length / 2)));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  close = () => server.close();
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

async function converse(environment: NodeJS.ProcessEnv, ...messages: string[]): Promise<string[]> {
  const model = modelAgent(environment);
  if (model === undefined) throw new Error("No model was found");
  const engine = createRunEngine({ store: memoryStore(), agents: { default: model.agent } });
  const answers: string[] = [];
  for (const [turnIndex, message] of messages.entries()) {
    const executionId = `test:s:${turnIndex}`;
    const identity = { tenantId: "t", sessionId: "s", userId: "u", turnIndex };
    const { events } = await engine.open({ executionId, identity, input: { message } });
    for await (const event of events) void event;
    const snapshot = await engine.inspect(executionId);
    answers.push(snapshot?.failure?.message ?? snapshot?.finalText ?? "");
  }
  await engine.stop();
  return answers;
}

it("there is no model without a key", () => {
  expect(modelAgent({})).toBeUndefined();
});

it("asks an OpenAI model with the conversation so far", async () => {
  const frames = ["Hel", "lo"].map((content) => `data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`);
  const { url, asked } = await startModel(`${frames.join("")}data: [DONE]\n\n`);
  expect(await converse({ OPENAI_API_KEY: "k", OPENAI_BASE_URL: url }, "Hi", "Again")).toEqual(["Hello", "Hello"]);
  expect(asked).toEqual([
    { path: "/chat/completions", key: "Bearer k", messages: [{ role: "user", content: "Hi" }] },
    {
      path: "/chat/completions",
      key: "Bearer k",
      messages: [
        { role: "user", content: "Hi" },
        { role: "assistant", content: "Hello" },
        { role: "user", content: "Again" },
      ],
    },
  ]);
});

it("asks an Anthropic model", async () => {
  const deltas = ["Gu", "ten Tag"].map((text) => ({
    type: "content_block_delta",
    delta: { type: "text_delta", text },
  }));
  const events = [{ type: "message_start" }, ...deltas, { type: "message_stop" }];
  const { url, asked } = await startModel(
    events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(""),
  );
  expect(await converse({ ANTHROPIC_API_KEY: "k", ANTHROPIC_BASE_URL: url }, "Hi")).toEqual(["Guten Tag"]);
  expect(asked).toMatchObject([{ path: "/v1/messages", key: "k" }]);
});

it("fails with what the model's server says", async () => {
  const { url } = await startModel('{"error":{"message":"Incorrect API key"}}', 401);
  expect(await converse({ OPENAI_API_KEY: "k", OPENAI_BASE_URL: url }, "Hi")).toEqual(["HTTP 401: Incorrect API key"]);
});
