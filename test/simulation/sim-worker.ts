import { isTurnError } from "../../src/index.ts";
import { createRunEngine, type RunEngine } from "../../src/run/index.ts";
import type { Random } from "../support/random.ts";
import type { AgentCall, Ledger } from "./ledger.ts";
import { HEARTBEAT_MS, HOOK_TIMEOUT_MS, LEASE_MS, type Plan, POLL_MS } from "./plan.ts";
import { scriptedAgents } from "./scripted-agent.ts";
import { ScriptedFailure } from "./scripted-failure.ts";
import { scriptedHooks } from "./scripted-hooks.ts";
import type { ScriptedStore } from "./scripted-store.ts";
import type { SimClock } from "./sim-clock.ts";

/** What the workers of a schedule share. */
export interface SharedWorld {
  readonly plan: Plan;
  readonly random: Random;
  readonly clock: SimClock;
  readonly ledger: Ledger;
  readonly store: ScriptedStore<SimWorker>;
}

/** A place where an agent or a hook waits for the schedule to let it go on. */
export interface Gate {
  readonly what: string;
  readonly open: () => void;
}

/**
 * One process: an engine whose store, time, agents and hooks all wait for the schedule. A crash takes all of these away
 * at once, so that nothing it does afterwards has any effect.
 */
export class SimWorker {
  readonly name: string;
  readonly workerId: string;
  readonly engine: RunEngine;
  /** Of a version that does not have the agent `fallback` yet. */
  readonly isOlder: boolean;
  readonly shared: SharedWorld;
  readonly gates: Gate[] = [];
  readonly calls: Set<AgentCall> = new Set<AgentCall>();
  /** The last event of each execution that its hook was told of. */
  readonly lastTold: Map<string, number> = new Map<string, number>();
  /** When the engine wants to be woken, as the last transaction has it. */
  wanted: number | undefined;
  crashed = false;
  /** Its timers do not fire and its calls get no further, for now. */
  stalled = false;
  stopping: "no" | "stopping" | "stopped" = "no";

  constructor(shared: SharedWorld, name: string, workerId: string) {
    this.shared = shared;
    this.name = name;
    this.workerId = workerId;
    const { plan } = shared;
    this.isOlder = plan.mixedVersions && Number(name.slice(1)) % 2 === 0;
    this.engine = createRunEngine({
      store: shared.store.of(this),
      agents: scriptedAgents(this),
      hooks: scriptedHooks(this),
      maxConcurrentRuns: plan.maxConcurrentRuns,
      leaseMs: LEASE_MS,
      heartbeatMs: HEARTBEAT_MS,
      pollMs: POLL_MS,
      hookTimeoutMs: HOOK_TIMEOUT_MS,
      workerId,
      appendEveryMs: plan.appendEveryMs,
      ...(plan.alone ? { wake: (at: number | undefined) => (this.wanted = at) } : {}),
      session: plan.policy,
      recovery: { maxAttempts: plan.maxAttempts },
      retention: plan.retention,
      partialText: plan.partialText,
      clock: shared.clock.of(this),
      log: (message, meta) => this.#heard(message, meta),
    });
  }

  knows(agent: string): boolean {
    return !this.isOlder || agent !== "fallback";
  }

  get works(): boolean {
    return !this.crashed && this.stopping === "no";
  }

  /** Waits for the schedule; with a signal, also for its end. */
  gate(what: string, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(new ScriptedFailure("stopped"));
      const gate: Gate = { what, open: resolve };
      this.gates.push(gate);
      signal?.addEventListener("abort", () => {
        const at = this.gates.indexOf(gate);
        if (at !== -1) this.gates.splice(at, 1);
        reject(new ScriptedFailure("stopped"));
      });
    });
  }

  crash(): void {
    this.crashed = true;
    this.gates.length = 0;
    this.calls.clear();
    this.shared.store.forget(this);
    this.shared.clock.forget(this);
  }

  /** Agents at work that nobody has told to stop. */
  get running(): number {
    let running = 0;
    for (const call of this.calls) if (!call.over && !call.signal.aborted) running++;
    return running;
  }

  /** The engine may complain of what the schedule has done to it, and of nothing else. */
  #heard(message: string, meta: Record<string, unknown> | undefined): void {
    const error = meta?.["error"];
    this.shared.ledger.trace?.(`    ${this.name} logs: ${message} (${error instanceof Error ? String(error) : ""})`);
    if (error === undefined || error instanceof ScriptedFailure) return;
    const known = [
      "store-failed",
      "store-busy",
      "lease-lost",
      "closed",
      "hook-timeout",
      "unsupported-suspension",
    ] as const;
    if (known.some((code) => isTurnError(error, code))) return;
    this.shared.ledger.violate("T2", `${this.name} logged: ${message}: ${describe(error)}`);
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
