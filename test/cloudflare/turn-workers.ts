import { createTurnClient, type TurnClient } from "../../src/client/index.ts";
import type { TurnEvent } from "../../src/event/turn-event.ts";
import type { ExecutionSnapshot } from "../../src/substrate/index.ts";
import type { CrashPoint } from "./crash-plan.ts";
import { KILL_MARK } from "./crash-plan.ts";
import type { Note } from "./ledger-object.ts";
import type { ObjectLook, ProbeCall } from "./probed-object.ts";
import { startWorkerd, type Workerd, type WorkerServices } from "./start-workerd.ts";

const KINDS = {
  PLAIN: "PlainObject",
  CRASH: "CrashObject",
  BATCHED: "BatchedObject",
  ENQUEUE: "EnqueueObject",
  INTERRUPT: "InterruptObject",
  PARALLEL: "ParallelObject",
  TRIMMED: "TrimmedObject",
  BARE: "BareObject",
  LEDGER: "LedgerObject",
} as const;

/** The kinds of objects, as they stand in an address. */
export type ObjectKind = Lowercase<Exclude<keyof typeof KINDS, "LEDGER">>;

const bindings = Object.fromEntries(
  Object.entries(KINDS).map(([name, className]) => [name, { service: "objects", className }]),
);

/** Two front Workers, each an isolate of its own, before the objects, which live in a third. */
const SERVICES: WorkerServices = {
  objects: {
    entry: "objects-worker.ts",
    objects: Object.values(KINDS),
    bindings: { LEDGER: bindings["LEDGER"] ?? { service: "objects", className: "LedgerObject" } },
  },
  front: { entry: "front-worker.ts", bindings, listens: true },
  other: { entry: "front-worker.ts", bindings, listens: true },
};

export const TENANT = "acme";
/** Stands for whichever Worker answers. */
const HERE = "http://worker";

/** The Workers of these tests in a real workerd, which begins anew over the same storage whenever it is killed. */
export interface TurnWorkers {
  readonly urls: { readonly front: string; readonly other: string };
  /** How often it was killed. */
  readonly kills: number;
  /** What workerd and its Workers printed last. */
  readonly said: string;
  /** Kills it now, and starts it again. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

export async function startTurnWorkers(folder: string): Promise<TurnWorkers> {
  let kills = 0;
  let said = "";
  let stopped = false;
  let restarting: Promise<void> = Promise.resolve();
  let workerd = await start();
  const ports = Object.fromEntries(
    Object.entries(workerd.urls).map(([name, url]) => [name, Number(new URL(url).port)]),
  );

  function start(at: Readonly<Record<string, number>> = {}): Promise<Workerd> {
    return startWorkerd(SERVICES, {
      folder,
      ports: at,
      onLine(line) {
        said = `${said}${line}\n`.slice(-20_000);
        if (line.includes(KILL_MARK)) restarting = restart();
      },
    });
  }

  async function restart(): Promise<void> {
    await workerd.kill();
    kills++;
    if (!stopped) workerd = await start(ports);
  }

  return {
    urls: { front: workerd.urls["front"] ?? "", other: workerd.urls["other"] ?? "" },
    get kills() {
      return kills;
    },
    get said() {
      return said;
    },
    kill: () => (restarting = restart()),
    async stop() {
      stopped = true;
      await restarting;
      await workerd.kill();
    },
  };
}

/** Speaks to the Workers as a product's page does, and as the tests must. */
export interface TurnWorld {
  readonly client: TurnClient;
  /** The isolates that have answered so far. */
  readonly isolates: ReadonlySet<string>;
  /** `once`: over routes that give up on an object that breaks off. */
  request(
    method: string,
    path: string,
    options?: { readonly body?: unknown; readonly signal?: AbortSignal; readonly once?: boolean },
  ): Promise<Response>;
  /** The log as it is stored. */
  log(executionId: string): Promise<TurnEvent[]>;
  inspect(executionId: string): Promise<ExecutionSnapshot>;
  notes(executionId: string): Promise<readonly Note[]>;
  probe(sessionId: string, call: ProbeCall): Promise<Response>;
  look(sessionId: string): Promise<ObjectLook>;
  plan(sessionId: string, ...points: readonly CrashPoint[]): Promise<void>;
  openGate(sessionId: string, name: string): Promise<void>;
}

export function idOf(sessionId: string, turnIndex = 0): string {
  return `${TENANT}@test:${encodeURIComponent(sessionId)}:${turnIndex}`;
}

/** Every request goes to the other Worker than the one before it. */
export function openWorld(workers: TurnWorkers, kind: ObjectKind): TurnWorld {
  const isolates = new Set<string>();
  const headers = { authorization: `${TENANT}/ada` };
  let count = 0;

  async function send(path: string, init: RequestInit): Promise<Response> {
    const { front, other } = workers.urls;
    const url = `${count++ % 2 === 0 ? front : other}${path}`;
    // Each on a connection of its own: one that was kept may be closed in the very moment that it is used again.
    const own = new Headers(init.headers);
    own.set("connection", "close");
    const response = await fetch(url, { ...init, headers: own });
    isolates.add(response.headers.get("x-isolate") ?? "");
    return response;
  }

  const client = createTurnClient({
    baseUrl: `${HERE}/${kind}`,
    headers,
    retry: { baseMs: 20, maxMs: 100, attempts: 1000 },
    fetch: (url, init) => send(url.slice(HERE.length), init),
  });
  const request: TurnWorld["request"] = (method, path, { body, signal, once = false } = {}) =>
    send(`${once ? "/once" : ""}/${kind}${path}`, {
      method,
      headers: { ...headers, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });

  async function probe(sessionId: string, call: ProbeCall): Promise<Response> {
    const object = encodeURIComponent(`${TENANT}@${encodeURIComponent(sessionId)}`);
    const response = await send(`/probe/${kind}/${object}`, { method: "POST", body: JSON.stringify(call) });
    if (!response.ok && call.probe !== "abort") throw new Error(`${call.probe}: ${await response.text()}`);
    return response;
  }

  return {
    client,
    isolates,
    request,
    async log(executionId) {
      const events: TurnEvent[] = [];
      for await (const event of client.attach(executionId)) if (event.id !== undefined) events.push(event);
      return events;
    },
    async inspect(executionId) {
      return (await (await request("GET", `/turns/${encodeURIComponent(executionId)}`)).json()) as ExecutionSnapshot;
    },
    async notes(executionId) {
      return (await (await send(`/notes/${encodeURIComponent(executionId)}`, {})).json()) as readonly Note[];
    },
    probe,
    look: async (sessionId) => (await (await probe(sessionId, { probe: "look" })).json()) as ObjectLook,
    async plan(sessionId, ...points) {
      await probe(sessionId, { probe: "plan", points });
    },
    async openGate(sessionId, name) {
      await probe(sessionId, { probe: "gate", name });
    },
  };
}
