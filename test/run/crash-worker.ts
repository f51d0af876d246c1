import { appendFileSync } from "node:fs";
import { createInterface } from "node:readline";
import type { SettledTurn } from "../../src/turn/chat-turn-hooks.ts";
import { isTurnError } from "../../src/errors.ts";
import { createRunEngine } from "../../src/run/index.ts";
import { sqliteStore } from "../../src/sqlite/index.ts";
import { type Command, crashAgents, type HookLine, idOfTurn, type Report, turn } from "./crash-turns.ts";

// A worker that is made to be killed: an engine on a file, told what to do by lines on stdin. It works for as long as
// its stdin is open.

const [path = "", hookFile = "", pauseMs = "2", leaseMs = "400", workerId = ""] = process.argv.slice(2);

const note = (hook: HookLine["hook"], { executionId = "", finalText, outcome }: SettledTurn): void => {
  const line: HookLine = { pid: process.pid, hook, executionId, finalText, outcome };
  appendFileSync(hookFile, `${JSON.stringify(line)}\n`);
};

const engine = createRunEngine({
  store: sqliteStore({ path }),
  agents: crashAgents(process.pid, Number(pauseMs)),
  hooks: {
    persistAssistantMessage: async (settled) => {
      note("persist", settled);
      await new Promise((resolve) => setTimeout(resolve, 1));
    },
    onTurnEnd: (settled) => note("end", settled),
  },
  maxConcurrentRuns: 8,
  leaseMs: Number(leaseMs),
  pollMs: 20,
  recovery: { maxAttempts: 1000 },
  log: (message, meta) => report({ trouble: `${message} ${String(meta?.["error"])}` }),
  ...(workerId === "" ? {} : { workerId }),
});

function report(what: Report): void {
  process.stdout.write(`${JSON.stringify(what)}\n`);
}

async function read(n: number, after: string): Promise<void> {
  const { events } = await engine.attach(idOfTurn(n), { after });
  for await (const event of events) report({ of: n, event });
}

async function obey(command: Command): Promise<void> {
  switch (command.do) {
    case "open":
      await engine.open(turn(command.n));
      report({ opened: command.n });
      break;
    case "attach":
      await read(command.n, command.after);
      break;
    case "decide":
      await engine.decideApproval(command.approvalId, { decision: "approve" });
      break;
    case "cancel":
      await engine.cancel(idOfTurn(command.n), { reason: "As told" });
      break;
  }
}

const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => {
  obey(JSON.parse(line) as Command).catch((error: unknown) => {
    report({ trouble: isTurnError(error) ? error.code : String(error) });
  });
});
lines.on("close", () => process.exit(0));
engine.start();
report({ ready: true });
