import type { Agent, AgentObject } from "../agent/agent.ts";
import {
  checkCount,
  checkFiniteDuration,
  checkFunction,
  checkName,
  checkObject,
  checkOneOf,
  checkOptionalFunction,
} from "../internal/check-argument.ts";
import { describeValue } from "../internal/describe-value.ts";
import { bindHooks, HOOK_NAMES, type OwnerHooks } from "../turn/chat-turn-hooks.ts";
import { type ResolvedOwnerOptions, resolveOwnerOptions, type TurnOwnerOptions } from "../turn/turn-owner.ts";
import { MAX_EVENT_BYTES } from "../wire/event-json.ts";
import type { RunStore } from "./run-store.ts";

/** What a second turn of a session that has a live one meets. */
export type SessionPolicy =
  /** Is refused with `session-busy`. */
  | "reject"
  /** Waits until the earlier ones have ended. */
  | "enqueue"
  /** Cancels the earlier ones, and waits until they have come to their end. */
  | "interrupt"
  /** Runs beside them. */
  | "parallel";

/** When events of ended runs are deleted. Their rows stay, so that their ids never start a second run. */
export interface Retention {
  /** Keep the events of a run for so long after it ended. */
  readonly maxAgeMs?: number;
  /** Keep the events of so many ended runs, the newest. */
  readonly maxRuns?: number;
}

export interface RunEngineOptions extends TurnOwnerOptions {
  readonly store: RunStore;
  /**
   * Who answers, by name. An input without a name asks `default`; one that names another is refused with `agent-not-found`. Runs
   * that engines with more agents have put into the store are theirs: this one neither claims them nor begins them again
   * after a crash, so that versions can be rolled out side by side. They wait until an engine that knows their agent comes;
   * any engine cancels them, and goes on with their settling.
   */
  readonly agents: Readonly<Record<string, Agent>>;
  /** What the product does in every turn. They run in the engine that owns the run, once, whoever listens. */
  readonly hooks?: Partial<OwnerHooks>;
  /** Slots: how many runs this engine works on at once. Default 64. */
  readonly maxConcurrentRuns?: number;
  /** How long a run stays with a worker that gives no sign of life. Default 15,000. */
  readonly leaseMs?: number;
  /** How often a sign of life is given. Default a third of `leaseMs`. */
  readonly heartbeatMs?: number;
  /** How often the store is asked what other processes did. Default 100. */
  readonly pollMs?: number;
  /**
   * How often a run's events are stored at most: what its agent says in between is stored together, and delivered so much
   * later. For stores that charge or wait for each transaction. Default 0: at once.
   */
  readonly appendEveryMs?: number;
  /**
   * What one value may take in the store. An event that takes more is replaced by one that says so; an answer that takes
   * more together with its message fails its turn, and an input that takes more than half of it is refused, `too-large`.
   * Default: what every event is held to.
   */
  readonly maxEventBytes?: number;
  /**
   * For a store that is this engine's alone, in a place that may be put to sleep. It is called inside each transaction
   * with the time at which `recover()` must be called at the latest, and with undefined when time alone changes nothing.
   * The engine then asks the store nothing by itself, and keeps no timer while nothing runs.
   */
  readonly wake?: (at: number | undefined) => void;
  /** Names this worker in the store; must be its own alone. Default: random. */
  readonly workerId?: string;
  /** Default `reject`. */
  readonly session?: SessionPolicy;
  /** `maxAttempts`: how often a run is taken over from lost workers before it is given up. Default 3. */
  readonly recovery?: { readonly maxAttempts?: number };
  /** Default: keep everything. */
  readonly retention?: Retention;
  /** How many earlier turns an agent gets as history at most. Default 1,000. */
  readonly maxHistoryTurns?: number;
}

export interface ResolvedEngineOptions extends ResolvedOwnerOptions {
  readonly store: RunStore;
  readonly agents: ReadonlyMap<string, AgentObject>;
  readonly hooks: OwnerHooks;
  readonly maxConcurrentRuns: number;
  readonly leaseMs: number;
  readonly heartbeatMs: number;
  readonly pollMs: number;
  readonly appendEveryMs: number;
  readonly maxEventBytes: number;
  readonly wake: ((at: number | undefined) => void) | undefined;
  readonly workerId: string;
  readonly session: SessionPolicy;
  readonly maxRecoveries: number;
  readonly retention: Retention;
  readonly maxHistoryTurns: number;
}

/** Refuses what is no setting, at once and naming it; then fills in the defaults. */
export function resolveEngineOptions(options: RunEngineOptions): ResolvedEngineOptions {
  checkObject("options", options);
  const { store, agents, hooks = {}, session = "reject", recovery = {}, retention = {} } = options;
  const { maxConcurrentRuns = 64, leaseMs = 15_000, pollMs = 100, maxHistoryTurns = 1000 } = options;
  checkObject("recovery", recovery);
  checkObject("retention", retention);
  const { maxAttempts = 3 } = recovery;
  checkObject("store", store);
  checkFunction("store.transact", (store as { readonly transact?: unknown }).transact);
  checkCount("maxConcurrentRuns", maxConcurrentRuns, 1);
  checkSpan("leaseMs", leaseMs);
  const { heartbeatMs = leaseMs / 3, workerId = crypto.randomUUID() } = options;
  checkSpan("heartbeatMs", heartbeatMs);
  if (heartbeatMs >= leaseMs) {
    throw new RangeError(`heartbeatMs (${heartbeatMs}) must be below leaseMs (${leaseMs}), or every lease lapses`);
  }
  checkSpan("pollMs", pollMs);
  const { appendEveryMs = 0, maxEventBytes = MAX_EVENT_BYTES, wake } = options;
  checkFiniteDuration("appendEveryMs", appendEveryMs);
  checkCount("maxEventBytes", maxEventBytes, 1000);
  checkOptionalFunction("wake", wake);
  checkName("workerId", workerId);
  checkOneOf("session", session, ["reject", "enqueue", "interrupt", "parallel"]);
  checkCount("recovery.maxAttempts", maxAttempts);
  if (retention.maxAgeMs !== undefined) checkFiniteDuration("retention.maxAgeMs", retention.maxAgeMs);
  if (retention.maxRuns !== undefined) checkCount("retention.maxRuns", retention.maxRuns);
  checkCount("maxHistoryTurns", maxHistoryTurns);
  return {
    ...resolveOwnerOptions(options),
    store,
    agents: resolveAgents(agents),
    hooks: resolveHooks(hooks),
    maxConcurrentRuns,
    leaseMs,
    heartbeatMs,
    pollMs,
    appendEveryMs,
    maxEventBytes,
    wake,
    workerId,
    session,
    maxRecoveries: maxAttempts,
    retention,
    maxHistoryTurns,
  };
}

function checkSpan(name: string, value: number): void {
  checkFiniteDuration(name, value);
  if (value === 0) throw new RangeError(`${name} must be above 0`);
}

function resolveAgents(agents: Readonly<Record<string, Agent>>): ReadonlyMap<string, AgentObject> {
  checkObject("agents", agents);
  const resolved = Object.entries(agents).map(([name, agent]): [string, AgentObject] => {
    if (typeof agent === "function") return [name, { stream: agent }];
    const { stream, invoke, cancel, replay } = Object(agent) as Partial<Record<keyof AgentObject, unknown>>;
    if (typeof stream !== "function") {
      throw new TypeError(`agents.${name} must be a function or an object with stream(), got ${describeValue(agent)}`);
    }
    checkOptionalFunction(`agents.${name}.invoke`, invoke);
    checkOptionalFunction(`agents.${name}.cancel`, cancel);
    if (replay !== undefined) checkOneOf(`agents.${name}.replay`, replay, ["safe", "unsafe"]);
    return [name, agent];
  });
  if (resolved.length === 0) throw new TypeError("agents must name at least one agent");
  return new Map(resolved);
}

function resolveHooks(hooks: Partial<OwnerHooks>): OwnerHooks {
  checkObject("hooks", hooks);
  if ("produce" in hooks) throw new TypeError("hooks.produce has no place in a run engine: its agents produce");
  for (const name of HOOK_NAMES) checkOptionalFunction(`hooks.${name}`, hooks[name]);
  if (hooks.persistAssistantMessage !== undefined) return hooks as OwnerHooks;
  return { ...bindHooks(hooks), persistAssistantMessage: () => undefined };
}
