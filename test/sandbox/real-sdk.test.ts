import { afterEach, describe, expect, it } from "vitest";
import { type SandboxBox, sandboxProducer } from "../../src/sandbox/index.ts";
import { type Orchestrator, startOrchestrator } from "../support/orchestrator/orchestrator.ts";
import { recordedAgent, recordedText } from "../support/orchestrator/recorded-run.ts";
import { newExecutionId, playTurn } from "./play-sandbox.ts";

// The real SDK against the stand-in orchestrator. It runs wherever `@tangle-network/sandbox` can be resolved, and is
// reported as skipped where it cannot.

const packageName = "@tangle-network/sandbox";

interface Sdk {
  readonly SandboxInstance?: new (client: object, info: object) => SandboxBox;
}

async function load(): Promise<Sdk | undefined> {
  try {
    // Not a literal, so that the type checker does not look for it.
    return (await import(/* @vite-ignore */ packageName)) as Sdk;
  } catch {
    return undefined;
  }
}

const sdk = await load();
const Instance = sdk?.SandboxInstance;
const reason = sdk === undefined ? `${packageName} is not installed` : "this version exports no SandboxInstance";

describe("the real SDK", () => {
  let orchestrator: Orchestrator | undefined;
  afterEach(() => orchestrator?.close());

  it.skipIf(Instance === undefined)(`plays a turn (not run where ${reason})`, async () => {
    if (Instance === undefined) return;
    orchestrator = await startOrchestrator({ agent: recordedAgent });
    const { url, token } = orchestrator;
    const connection = { sidecarUrl: url, runtimeUrl: url, authToken: token, sidecarToken: token };
    const client = { fetch: () => Promise.reject(new Error("Nothing of the platform's API is needed")) };
    const box = new Instance(client, { id: "box", status: "running", createdAt: new Date(), connection });
    const { outcome, persisted } = await playTurn(sandboxProducer(box, { message: "Hello" }), {
      executionId: newExecutionId(),
    });
    expect(outcome.status).toBe("completed");
    expect(persisted).toMatchObject([{ finalText: recordedText }]);
    expect(orchestrator.prompts).toBe(1);
  });
});
