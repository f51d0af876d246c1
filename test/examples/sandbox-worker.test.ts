import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createTextAccumulator, readTurn } from "turnwire/client";
import worker from "../../examples/sandbox-worker/worker.ts";
import { projectFolder } from "../package/entries.ts";
import { type Orchestrator, startOrchestrator } from "../support/orchestrator/orchestrator.ts";
import { recordedAgent, recordedText } from "../support/orchestrator/recorded-run.ts";

let orchestrator: Orchestrator;
const answers = new Map<string, string>();
beforeAll(async () => {
  orchestrator = await startOrchestrator({ agent: recordedAgent });
});
afterAll(() => orchestrator.close());

async function post(more: object = {}): Promise<{ text: string; ids: string[]; last: string | undefined }> {
  const request = new Request("http://localhost/turns", {
    method: "POST",
    body: JSON.stringify({ sessionId: "thread-1", turnIndex: 0, message: "Hello", ...more }),
  });
  const env = {
    SANDBOX_URL: orchestrator.url,
    SANDBOX_TOKEN: orchestrator.token,
    ANSWERS: { put: async (id: string, answer: string) => void answers.set(id, answer) },
  };
  const response = await worker.fetch(request, env, { waitUntil: () => undefined });
  const text = createTextAccumulator();
  const ids: string[] = [];
  let last: string | undefined;
  for await (const event of readTurn(response)) {
    text.add(event);
    if (event.id !== undefined) ids.push(event.id);
    last = event.type;
  }
  return { text: text.text(), ids, last };
}

it("answers a turn from the sandbox, as often as it is posted, and starts it once", async () => {
  const first = await post();
  expect(first).toMatchObject({ text: recordedText, last: "session.run.completed" });
  expect((await post()).ids).toEqual(first.ids);
  expect((await post({ lastEventId: first.ids[4] })).ids).toEqual(first.ids.slice(5));
  expect([...answers]).toEqual([["acme@sandbox-worker:thread-1:0", recordedText]]);
  expect(orchestrator.prompts).toBe(1);
});

it("is about thirty lines of code", () => {
  const code = readFileSync(`${projectFolder}examples/sandbox-worker/worker.ts`, "utf8");
  const lines = code.split("\n").filter((line) => line.trim() !== "" && !/^\s*(\/\/|\/\*\*|\*)/.test(line));
  expect(lines.length).toBeLessThanOrEqual(34);
});
