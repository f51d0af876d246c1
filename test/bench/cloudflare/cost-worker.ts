import { Hono } from "hono";
import {
  defineTurnObject,
  durableObjectSubstrate,
  type ObjectNamespace,
  type ObjectState,
  type ObjectStorage,
  type TurnObject,
  type TurnObjectClass,
  type TurnObjectOptions,
} from "turnwire/cloudflare";
import { chatTurnRoutes } from "turnwire/hono";
import { benchAgent } from "./bench-agent.ts";
import { emptyUsage, type ObjectUsage } from "./object-usage.ts";

// The product's routes and object, and a meter on everything that Cloudflare charges for.

interface ObjectId {
  toString(): string;
}

interface Env {
  readonly KeptTurnObject: ObjectNamespace;
  readonly TrimmedTurnObject: ObjectNamespace;
}

// A timer that is left behind keeps an object in memory, and charged.
const timers = new Set<unknown>();
const { setTimeout: setReal, clearTimeout: clearReal } = globalThis;
globalThis.setTimeout = ((callback: () => void, ms?: number): unknown => {
  const timer: unknown = setReal(() => {
    timers.delete(timer);
    callback();
  }, ms);
  timers.add(timer);
  return timer;
}) as typeof setTimeout;
globalThis.clearTimeout = (timer) => {
  timers.delete(timer);
  clearReal(timer);
};

/** Short, so that the alarm after a turn can be waited for; how many there are is the same as with a longer one. */
const LEASE_MS = 9_000;

const options: TurnObjectOptions = {
  agents: { default: { stream: benchAgent, replay: "safe" } },
  // What a product that keeps and bills its answers has.
  hooks: { persistAssistantMessage: () => undefined, onTurnComplete: () => undefined },
  session: "parallel",
  leaseMs: LEASE_MS,
};

// Beyond an instance's life: an object that is put to sleep meanwhile is counted on. One isolate has them all here.
const usages = new Map<string, ObjectUsage>();

/** The product's object with a meter around it. */
class Metered implements TurnObject {
  readonly #object: TurnObject;
  readonly #usage: ObjectUsage;

  constructor(Defined: TurnObjectClass<Env>, state: ObjectState & { readonly id: ObjectId }, env: Env) {
    const name = state.id.toString();
    const usage = usages.get(name) ?? emptyUsage();
    usages.set(name, usage);
    this.#usage = usage;
    usage.instances++;
    const storage = meteredStorage(state.storage, usage);
    this.#object = new Defined({ storage, blockConcurrencyWhile: (body) => state.blockConcurrencyWhile(body) }, env);
  }

  async fetch(request: Request): Promise<Response> {
    this.#usage.fetches++;
    const leave = enter(this.#usage);
    const response = await this.#object.fetch(request);
    if (response.body === null) {
      leave();
      return response;
    }
    // The object is held for as long as its answer streams.
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    void response.body.pipeTo(writable).then(leave, leave);
    return new Response(readable, response);
  }

  async alarm(): Promise<void> {
    this.#usage.alarms++;
    const leave = enter(this.#usage);
    await this.#object.alarm().finally(leave);
  }
}

const KeepsAll = defineTurnObject<Env>(options);
const KeepsOne = defineTurnObject<Env>({ ...options, retention: { maxRuns: 1 } });

export class KeptTurnObject extends Metered {
  constructor(state: ObjectState & { readonly id: ObjectId }, env: Env) {
    super(KeepsAll, state, env);
  }
}

/** Each turn's alarm deletes the events of the turn before. */
export class TrimmedTurnObject extends Metered {
  constructor(state: ObjectState & { readonly id: ObjectId }, env: Env) {
    super(KeepsOne, state, env);
  }
}

/** Counts the time in which at least one request, alarm or timer holds the object. */
function enter(usage: ObjectUsage): () => void {
  if (usage.holders++ === 0) usage.heldSince = Date.now();
  let left = false;
  return () => {
    if (left) return;
    left = true;
    if (--usage.holders === 0) usage.heldMs += Date.now() - usage.heldSince;
  };
}

function meteredStorage(storage: ObjectStorage, usage: ObjectUsage): ObjectStorage {
  return {
    sql: {
      exec(query, ...values) {
        const cursor = storage.sql.exec(query, ...values) as ReturnType<ObjectStorage["sql"]["exec"]> & {
          readonly rowsRead: number;
        };
        let written = 0;
        let read = 0;
        const count = (): void => {
          note(usage, query, cursor.rowsWritten - written, cursor.rowsRead - read);
          written = cursor.rowsWritten;
          read = cursor.rowsRead;
        };
        count();
        return {
          toArray() {
            const rows = cursor.toArray();
            count();
            return rows;
          },
          get rowsWritten() {
            return cursor.rowsWritten;
          },
        };
      },
    },
    transactionSync(body) {
      usage.transactions++;
      return storage.transactionSync(body);
    },
    getAlarm() {
      note(usage, "getAlarm", 0, 1);
      return storage.getAlarm();
    },
    setAlarm(at) {
      note(usage, "setAlarm", 1, 0);
      return storage.setAlarm(at);
    },
  };
}

function note(usage: ObjectUsage, what: string, written: number, read: number): void {
  usage.rowsWritten += written;
  usage.rowsRead += read;
  const known = (usage.statements[what.replaceAll(/\s+/g, " ").slice(0, 140)] ??= { times: 0, written: 0, read: 0 });
  if (written > 0 || read > 0) known.times++;
  known.written += written;
  known.read += read;
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const [, base = "", what, name = ""] = new URL(request.url).pathname.split("/");
    const namespace = base === "trimmed" ? env.TrimmedTurnObject : env.KeptTurnObject;
    if (what === "timers") return Response.json(timers.size);
    if (what === "usage") {
      return Response.json(usages.get(String(namespace.idFromName(decodeURIComponent(name)))) ?? emptyUsage());
    }
    const routes = chatTurnRoutes({
      substrate: durableObjectSubstrate(namespace),
      projectId: "bench",
      authorize: () => ({ tenantId: "acme", userId: "ada" }),
    });
    return new Hono().route(`/${base}`, routes).fetch(request);
  },
};
