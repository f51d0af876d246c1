import { afterEach, expect, it } from "vitest";
import { createTextAccumulator, readTurn } from "turnwire/client";
import { createDeferred } from "../../src/internal/deferred.ts";
import { startWrangler, type WranglerProcess } from "../cloudflare/wrangler-process.ts";
import { runCommand } from "../gate/run-command.ts";
import { projectFolder } from "../package/entries.ts";
import { type Orchestrator, startOrchestrator } from "../support/orchestrator/orchestrator.ts";

// The bare Worker on a real workerd. Thirty seconds after its client left, a Worker's `waitUntil` is ended from outside:
// here by SIGKILL, in the middle of the answer, so that nobody has to wait for it.

const config = "examples/sandbox-worker/wrangler.toml";
let orchestrator: Orchestrator;
let worker: WranglerProcess;

afterEach(async () => {
  await worker.close();
  await orchestrator.close();
});

it("a turn whose Worker was ended is picked up by whoever posts it again", { timeout: 60_000 }, async () => {
  const gate = createDeferred<void>();
  orchestrator = await startOrchestrator({
    agent: async function* () {
      const part = (delta: string) => ({ type: "message.part.updated", data: { part: { type: "text" }, delta } });
      yield part("One ");
      yield part("two ");
      await gate.promise;
      yield part("three");
    },
  });
  worker = await startWrangler(config, { SANDBOX_URL: orchestrator.url, SANDBOX_TOKEN: orchestrator.token });
  const message = { sessionId: "thread-1", turnIndex: 0, message: "Count" };
  const post = (more: object = {}): Promise<Response> =>
    fetch(`http://127.0.0.1:${worker.port}/`, { method: "POST", body: JSON.stringify({ ...message, ...more }) });

  const text = createTextAccumulator();
  let last: string | undefined;
  for await (const event of readTurn(await post())) {
    text.add(event);
    last = event.id ?? last;
    // The client leaves in the middle.
    if (text.text() === "One two ") break;
  }
  await worker.kill();
  expect(await savedAnswer()).toBe("");
  gate.resolve();

  await worker.startAgain();
  let end: string | undefined;
  for await (const event of readTurn(await post({ lastEventId: last }))) {
    text.add(event);
    end = event.type;
  }
  expect([text.text(), end, orchestrator.prompts]).toEqual(["One two three", "session.run.completed", 1]);
  await worker.kill();
  expect(await savedAnswer()).toBe("One two three");
});

/** What the Worker has put under the execution's id. */
async function savedAnswer(): Promise<string> {
  const key = "acme@sandbox-worker:thread-1:0";
  const args = ["kv", "key", "get", key, "--local", "--binding", "ANSWERS", "--config", config];
  const { stdout } = await runCommand("wrangler", [...args, "--text", "--persist-to", worker.folder], {
    timeoutMs: 30_000,
    env: { WRANGLER_SEND_METRICS: "false", CI: "1", WRANGLER_LOG_PATH: `${projectFolder}.cache/wrangler/logs` },
  });
  return stdout.includes("Value not found") ? "" : stdout.trim();
}
