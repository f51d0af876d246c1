import { writeFileSync } from "node:fs";
import { fromSubstrate, handleChatTurn, type SettledTurn } from "../../src/index.ts";
import { readTurn } from "../../src/client/index.ts";
import { createRunEngine } from "../../src/run/index.ts";
import { sandboxAgent, sandboxProducer, sandboxSubstrate } from "../../src/sandbox/index.ts";
import { sqliteStore } from "../../src/sqlite/index.ts";
import { createFakeBox } from "../support/orchestrator/fake-box.ts";
import type { Transport } from "./transports.ts";

// One process of a product, to be killed by its test: a request handler, or a run engine on a file. Says what happens as
// lines of JSON.

export interface ProcessOptions {
  readonly as: "handler" | "engine";
  readonly transport: Transport;
  readonly url: string;
  readonly token: string;
  readonly executionId: string;
  readonly lastEventId?: string;
  /** A folder for what outlives the process. */
  readonly folder: string;
  /** Notes what was dispatched. */
  readonly claims?: boolean;
}

const options = JSON.parse(process.argv[2] ?? "{}") as ProcessOptions;
const { as, transport, url, token, executionId, lastEventId, folder, claims = false } = options;
const identity = { tenantId: "acme", sessionId: "thread-1", userId: "ada", turnIndex: 0 };
const retry = { baseMs: 5, maxMs: 50, limitMs: 5000 };
const say = (what: string, value: unknown): void => console.log(JSON.stringify([what, value]));
const persistAssistantMessage = ({ executionId: id, finalText, outcome }: SettledTurn): void =>
  say("persist", { executionId: id, finalText, outcome });

/** The row with a unique key that a product would insert. */
function claim(id: string): boolean {
  try {
    writeFileSync(`${folder}/${encodeURIComponent(id)}.claim`, "", { flag: "wx" });
    return true;
  } catch {
    return false;
  }
}

if (as === "handler") {
  const sandbox = { retry, ...(claims ? { claim } : {}) };
  const { body, finished } = handleChatTurn({
    identity,
    executionId,
    ...(lastEventId === undefined ? {} : { lastEventId }),
    hooks: {
      produce:
        transport === "HTTP"
          ? fromSubstrate(sandboxSubstrate({ url, token }, sandbox), { input: { message: "Hello" } })
          : sandboxProducer(createFakeBox({ url, token }), { message: "Hello", ...sandbox }),
      persistAssistantMessage,
    },
    log: (message) => say("log", message),
  });
  for await (const event of readTurn(body)) say("event", event);
  say("outcome", await finished);
} else {
  const engine = createRunEngine({
    store: sqliteStore({ path: `${folder}/runs.db` }),
    agents: {
      default: sandboxAgent(transport === "HTTP" ? { url, token } : { box: createFakeBox({ url, token }) }, {
        retry,
        // So that a test need not wait for the sandbox's two minutes.
        bufferMs: 1,
      }),
    },
    hooks: { persistAssistantMessage },
    leaseMs: 300,
    pollMs: 20,
    log: (message) => say("log", message),
  });
  engine.start();
  const { events } = await engine.open({ executionId, identity, input: { message: "Hello" } });
  for await (const event of events) say("event", event);
  const snapshot = await engine.inspect(executionId);
  say("outcome", { status: snapshot?.state, failure: snapshot?.failure, attempt: snapshot?.attempt });
  await engine.stop({ graceMs: 1000 });
}
