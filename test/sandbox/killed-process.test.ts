import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { TurnEvent } from "../../src/index.ts";
import { createDeferred, type Deferred } from "../../src/internal/deferred.ts";
import { projectFolder } from "../package/entries.ts";
import { temporaryFolder } from "../sqlite/temporary-folder.ts";
import { type Orchestrator, startOrchestrator } from "../support/orchestrator/orchestrator.ts";
import { newExecutionId } from "./play-sandbox.ts";
import { transports } from "./transports.ts";
import type { ProcessOptions } from "./turn-process.ts";

// Real processes, really killed, in front of one orchestrator.

interface Child {
  readonly events: TurnEvent[];
  readonly persisted: unknown[];
  readonly logs: unknown[];
  outcome: unknown;
  readonly process: ChildProcess;
  readonly ended: Promise<void>;
  heard(text: string): Promise<void>;
}

let orchestrator: Orchestrator;
let gate: Deferred<void>;
let folder: ReturnType<typeof temporaryFolder>;
const children = new Set<ChildProcess>();

beforeEach(async () => {
  gate = createDeferred();
  folder = temporaryFolder();
  orchestrator = await startOrchestrator({
    agent: async function* () {
      const part = (delta: string) => ({ type: "message.part.updated", data: { part: { type: "text" }, delta } });
      yield part("One ");
      yield part("two ");
      await gate.promise;
      yield part("three");
    },
  });
});

afterEach(async () => {
  for (const child of children) child.kill("SIGKILL");
  children.clear();
  await orchestrator.close();
  folder.remove();
});

function start(options: Omit<ProcessOptions, "url" | "token" | "folder">): Child {
  const { url, token } = orchestrator;
  const all = JSON.stringify({ ...options, url, token, folder: folder.path } satisfies ProcessOptions);
  const process_ = spawn(process.execPath, ["test/sandbox/turn-process.ts", all], {
    cwd: projectFolder,
    env: { ...process.env, NODE_OPTIONS: "" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.add(process_);
  let changed = createDeferred<void>();
  let over = false;
  const ended = new Promise<void>((resolve) => {
    process_.once("close", () => {
      children.delete(process_);
      over = true;
      changed.resolve();
      resolve();
    });
  });
  const child: Child = {
    events: [],
    persisted: [],
    logs: [],
    outcome: undefined,
    process: process_,
    ended,
    async heard(text) {
      while (!JSON.stringify(child.events).includes(text)) {
        if (over) throw new Error(`The process ended before it said ${text}`);
        await changed.promise;
      }
    },
  };
  createInterface({ input: process_.stdout }).on("line", (line) => {
    const [what, value] = JSON.parse(line) as [string, unknown];
    if (what === "event") child.events.push(value as TurnEvent);
    else if (what === "persist") child.persisted.push(value);
    else if (what === "log") child.logs.push(value);
    else child.outcome = value;
    changed.resolve();
    changed = createDeferred();
  });
  return child;
}

async function kill(child: Child): Promise<void> {
  child.process.kill("SIGKILL");
  await child.ended;
}

const runEnded = (executionId: string) => expect.poll(() => orchestrator.runs.get(executionId)?.ended).toBe(true);

describe.each(transports)("by %s", (transport) => {
  it("a handler that was killed: the turn posted again finds its run, and its hooks run once, with the same id", async () => {
    const executionId = newExecutionId();
    const first = start({ as: "handler", transport, executionId });
    await first.heard("two ");
    await kill(first);
    const second = start({ as: "handler", transport, executionId });
    await second.heard("two ");
    gate.resolve();
    await second.ended;
    expect(first.persisted).toEqual([]);
    expect(second.persisted).toEqual([{ executionId, finalText: "One two three", outcome: "completed" }]);
    expect(second.outcome).toMatchObject({ status: "completed" });
    expect(orchestrator.prompts).toBe(1);
  });

  it("an engine that was killed: the next one reads on, and persists once", async () => {
    const executionId = newExecutionId();
    const first = start({ as: "engine", transport, executionId });
    await first.heard("two ");
    await kill(first);
    const second = start({ as: "engine", transport, executionId });
    await second.heard("run.restarted");
    gate.resolve();
    await second.ended;
    expect([...first.persisted, ...second.persisted]).toEqual([
      { executionId, finalText: "One two three", outcome: "completed" },
    ]);
    expect(second.outcome).toMatchObject({ status: "completed", attempt: 2 });
    expect(orchestrator.prompts).toBe(1);
  });
});

describe("when the buffer has expired in between", () => {
  /** A process is killed in the middle; the run ends, and is dropped. */
  async function lose(options: Omit<ProcessOptions, "url" | "token" | "folder">): Promise<Child> {
    const first = start(options);
    await first.heard("two ");
    await kill(first);
    gate.resolve();
    await runEnded(options.executionId);
    orchestrator.expire(options.executionId);
    return first;
  }

  it("a handler by SDK gets the result that the sandbox keeps", async () => {
    const options = { as: "handler", transport: "SDK", executionId: newExecutionId() } as const;
    await lose(options);
    const second = start(options);
    await second.ended;
    expect(second.persisted).toMatchObject([{ finalText: "One two three", outcome: "completed" }]);
    expect(orchestrator.prompts).toBe(1);
  });

  it("a handler by HTTP whose client has a cursor fails, and starts nothing", async () => {
    const options = { as: "handler", transport: "HTTP", executionId: newExecutionId() } as const;
    const first = await lose(options);
    const lastEventId = first.events.findLast(({ id }) => id !== undefined)?.id ?? "";
    const second = start({ ...options, lastEventId });
    await second.ended;
    expect(second.persisted).toEqual([]);
    expect(second.outcome).toMatchObject({ status: "failed", failure: { code: "cursor-ahead" } });
    expect(orchestrator.prompts).toBe(1);
  });

  it("a handler by HTTP that notes what it dispatches fails with cursor-gap, and starts nothing", async () => {
    const options = { as: "handler", transport: "HTTP", executionId: newExecutionId(), claims: true } as const;
    await lose(options);
    const second = start(options);
    await second.ended;
    expect(second.persisted).toEqual([]);
    expect(second.outcome).toMatchObject({ status: "failed", failure: { code: "cursor-gap" } });
    expect(orchestrator.prompts).toBe(1);
  });

  it("an engine by HTTP fails the run with cursor-gap, an engine by SDK completes it with the result", async () => {
    for (const transport of transports) {
      const options = { as: "engine", transport, executionId: newExecutionId() } as const;
      gate = createDeferred();
      const prompts = orchestrator.prompts;
      await lose(options);
      const second = start(options);
      await second.ended;
      if (transport === "HTTP") {
        expect(second.persisted).toEqual([]);
        expect(second.outcome).toMatchObject({ status: "failed", failure: { code: "cursor-gap" }, attempt: 2 });
      } else {
        expect(second.persisted).toMatchObject([{ finalText: "One two three", outcome: "completed" }]);
        expect(second.outcome).toMatchObject({ status: "completed", attempt: 2 });
      }
      expect(orchestrator.prompts).toBe(prompts + 1);
    }
  });
});
