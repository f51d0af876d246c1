import { existsSync, readFileSync } from "node:fs";
import { createTextAccumulator } from "../../src/event/text-accumulator.ts";
import { isTerminal, type TurnEvent } from "../../src/event/turn-event.ts";
import { sqliteStore } from "../../src/sqlite/index.ts";
import { createRandom, type Random } from "../support/random.ts";
import { agentOf, answerTo, type HookLine, idOfTurn, type Report } from "./crash-turns.ts";
import { WorkerProcess } from "./worker-process.ts";

export interface CrashReport {
  readonly kills: number;
  readonly turns: number;
  readonly ends: Readonly<Record<string, number>>;
  /** Answers that were persisted by more than one worker. */
  readonly persistedAgain: number;
  readonly restarts: number;
  readonly events: number;
  /** What was not as promised; empty when all was. */
  readonly broken: readonly string[];
}

interface Settings {
  readonly folder: string;
  readonly kills: number;
  readonly seed: number;
}

const IN_FLIGHT = 10;
const END_MS = 60_000;

/** One turn as its client sees it: what it has asked for, and what its reader has read across all connections. */
interface Client {
  readonly n: number;
  accepted: boolean;
  readonly events: TurnEvent[];
  readonly cancels: boolean;
}

/**
 * Kills a worker again and again while clients open turns, read them, decide and cancel; each reader comes back with its
 * cursor. Then lets everything come to its end, and looks at what was read, stored and persisted.
 */
export async function crashRun({ folder, kills, seed }: Settings): Promise<CrashReport> {
  const random = createRandom(seed);
  const settings = { path: `${folder}/crash-${seed}.db`, hookFile: `${folder}/crash-${seed}.hooks` };
  const clients: Client[] = [];
  const broken: string[] = [];
  let worker: WorkerProcess | undefined;

  function hear(report: Report, from: WorkerProcess): void {
    if ("opened" in report) {
      const client = clients[report.opened];
      if (client === undefined || client.accepted) return;
      client.accepted = true;
      from.tell({ do: "attach", n: client.n, after: "0" });
    } else if ("of" in report) {
      const client = clients[report.of];
      if (client === undefined) return;
      read(client, report.event, from);
    }
  }

  function read(client: Client, event: TurnEvent, from: WorkerProcess): void {
    if (event.id === undefined) return;
    if (Number(event.id) !== client.events.length + 1) {
      broken.push(`turn ${client.n}: event ${event.id} after ${client.events.length}`);
      return;
    }
    client.events.push(event);
    if (event.type === "approval.requested")
      from.tell({ do: "decide", approvalId: String(event.data?.["approvalId"]) });
    if (client.cancels && client.events.length === 8) from.tell({ do: "cancel", n: client.n });
    if (isTerminal(event)) fill(from);
  }

  /** Opens new turns up to so many in flight. */
  function fill(to: WorkerProcess): void {
    while (clients.filter((client) => !isOver(client)).length < IN_FLIGHT && !ending) {
      const n = clients.length;
      clients.push({ n, accepted: false, events: [], cancels: random.chance(0.1) });
      to.tell({ do: "open", n });
    }
  }

  /** What every client does when its connection was lost. */
  function comeBack(to: WorkerProcess): void {
    for (const client of clients) {
      if (isOver(client)) continue;
      if (!client.accepted) to.tell({ do: "open", n: client.n });
      else to.tell({ do: "attach", n: client.n, after: String(client.events.length) });
      for (const approvalId of undecided(client)) to.tell({ do: "decide", approvalId });
      if (client.cancels && client.events.length >= 8) to.tell({ do: "cancel", n: client.n });
    }
    fill(to);
  }

  async function live(): Promise<WorkerProcess> {
    // Half of the workers come back under their name, which need not wait for leases.
    const name = random.chance(0.5) ? { workerId: "the-worker" } : {};
    const born: WorkerProcess = new WorkerProcess({ ...settings, ...name }, (report) => hear(report, born));
    worker = born;
    await born.ready;
    comeBack(born);
    return born;
  }

  let ending = false;
  try {
    for (let kill = 0; kill < kills; kill++) {
      const victim = await live();
      await new Promise((resolve) => setTimeout(resolve, killAfterMs(random)));
      await victim.kill();
    }
    ending = true;
    await live();
    const lastMoment = Date.now() + END_MS;
    while (!clients.every(isOver)) {
      if (Date.now() > lastMoment) {
        broken.push(
          `stuck: ${clients
            .filter((client) => !isOver(client))
            .map(({ n }) => `${n} ${agentOf(n)}`)
            .join(", ")}`,
        );
        break;
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  } finally {
    await worker?.kill();
  }
  const persistedAgain = checkHooks(clients, readHooks(settings.hookFile), broken);
  await checkLogs(clients, settings.path, broken);
  return {
    kills,
    turns: clients.length,
    ends: countEnds(clients),
    persistedAgain,
    restarts: clients.reduce(
      (sum, { events }) => sum + events.filter(({ type }) => type === "run.restarted").length,
      0,
    ),
    events: clients.reduce((sum, { events }) => sum + events.length, 0),
    broken,
  };
}

/** Mostly in the middle of its work, now and then at its very beginning. */
function killAfterMs(random: Random): number {
  return random.chance(0.2) ? random.below(15) : 20 + random.below(160);
}

function isOver({ events }: Client): boolean {
  const last = events.at(-1);
  return last !== undefined && isTerminal(last);
}

function undecided({ events }: Client): string[] {
  const ids = (type: string): string[] =>
    events.flatMap((event) => (event.type === type ? String(event.data?.["approvalId"]) : []));
  const resolved = ids("approval.resolved");
  return ids("approval.requested").filter((id) => !resolved.includes(id));
}

function readHooks(file: string): HookLine[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line.endsWith("}"))
    .map((line) => JSON.parse(line) as HookLine);
}

/** Persisted exactly when completed, whole, and by each worker at most once; returns how many were persisted again. */
function checkHooks(clients: readonly Client[], hooks: readonly HookLine[], broken: string[]): number {
  let again = 0;
  for (const { n, events } of clients) {
    const own = hooks.filter(({ executionId }) => executionId === idOfTurn(n));
    const persists = own.filter(({ hook }) => hook === "persist");
    const completed = events.at(-1)?.type === "session.run.completed";
    if (completed !== persists.length > 0)
      broken.push(`turn ${n}: ${persists.length} persists, ${events.at(-1)?.type}`);
    if (!own.some(({ hook }) => hook === "end")) broken.push(`turn ${n}: onTurnEnd never ran`);
    for (const { finalText } of persists) {
      if (finalText !== answerTo(n)) broken.push(`turn ${n}: persisted ${JSON.stringify(finalText)}`);
    }
    if (new Set(persists.map(({ pid }) => pid)).size !== persists.length) {
      broken.push(`turn ${n}: one worker persisted it twice`);
    }
    if (persists.length > 1) again++;
    const answer = createTextAccumulator();
    for (const event of events) answer.add(event);
    if (completed && answer.text() !== answerTo(n)) broken.push(`turn ${n}: its reader has ${answer.text()}`);
  }
  return again;
}

/** What was read is what is stored. */
async function checkLogs(clients: readonly Client[], path: string, broken: string[]): Promise<void> {
  const store = sqliteStore({ path });
  for (const { n, events } of clients) {
    const stored = await store.transact((tx) => {
      const run = tx.getRun(idOfTurn(n));
      return run === undefined ? [] : tx.readEvents(run, 0, 100_000);
    });
    if (JSON.stringify(stored) !== JSON.stringify(events)) broken.push(`turn ${n}: its reader read another log`);
  }
  await store.close();
}

function countEnds(clients: readonly Client[]): Record<string, number> {
  const ends: Record<string, number> = {};
  for (const { n, events } of clients) {
    const end = `${agentOf(n)} ${events.at(-1)?.type.replace("session.run.", "") ?? "nothing"}`;
    ends[end] = (ends[end] ?? 0) + 1;
  }
  return Object.fromEntries(Object.entries(ends).sort(([one], [other]) => one.localeCompare(other)));
}
