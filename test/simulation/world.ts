import type { SessionPolicy } from "../../src/run/index.ts";
import type { ExecutionState } from "../../src/substrate/index.ts";
import { createRandom, type Random } from "../support/random.ts";
import { commitChecks } from "./check-commit.ts";
import { Ledger } from "./ledger.ts";
import { choosePlan, type Plan } from "./plan.ts";
import { AGENT_NAMES, type AgentScript, chooseScript } from "./scripted-agent.ts";
import { ScriptedStore } from "./scripted-store.ts";
import { SimAlarm } from "./sim-alarm.ts";
import { SimClock } from "./sim-clock.ts";
import type { SimReader } from "./sim-reader.ts";
import { type SharedWorld, SimWorker } from "./sim-worker.ts";

/** When the alarm of a look that failed rings again. */
const RETRY_MS = 500;

/** A turn that clients of the schedule may ask for. */
export interface PlannedRun {
  readonly executionId: string;
  readonly identity: { tenantId: string; sessionId: string; userId: string; turnIndex: number };
  readonly agent: string;
  readonly script: AgentScript;
  readonly priority: number;
  readonly deadlineMs: number | undefined;
}

export interface Violation {
  readonly invariant: string;
  readonly message: string;
}

/** Everything that there is in one schedule. */
export class World implements SharedWorld {
  readonly plan: Plan;
  readonly random: Random;
  readonly clock: SimClock = new SimClock();
  readonly ledger: Ledger;
  readonly store: ScriptedStore<SimWorker>;
  /** Of an engine that is alone. */
  readonly alarm: SimAlarm;
  readonly workers: SimWorker[] = [];
  readonly readers: SimReader[] = [];
  readonly runs: readonly PlannedRun[];
  readonly violations: Violation[] = [];
  /** How often a client was told that it has started an execution. */
  readonly created: Map<string, number> = new Map<string, number>();
  readonly cancelsAsked: Map<string, number> = new Map<string, number>();
  readonly cancelAnswers: { readonly executionId: string; readonly state: ExecutionState }[] = [];
  /** No more faults: everybody does their best. */
  calm = false;
  readonly trace: ((line: string) => void) | undefined;
  /** Whose look at the ring of the alarm has not come to its end. */
  readonly #looking = new Set<SimWorker>();

  constructor(seed: number, trace?: (line: string) => void) {
    this.trace = trace;
    this.random = createRandom(seed);
    this.plan = choosePlan(this.random);
    const { policy, maxAttempts } = this.plan;
    const rules: { policy: SessionPolicy; maxAttempts: number } = { policy, maxAttempts };
    this.ledger = new Ledger(rules, (invariant, message) => this.violate(invariant, message), commitChecks);
    this.ledger.trace = trace;
    this.alarm = new SimAlarm(this.clock, () => this.#ring());
    this.store = new ScriptedStore<SimWorker>(
      (worker, tx) => this.ledger.commit(worker, this.clock.now, tx),
      (worker) => this.alarm.want(worker.wanted),
    );
    this.runs = Array.from({ length: this.plan.executions }, (_, at) => planRun(this.plan, this.random, at));
    trace?.(`plan ${JSON.stringify(this.plan)}`);
    for (const run of this.runs) trace?.(`run ${JSON.stringify(run)}`);
    for (let at = 0; at < this.plan.workers; at++) this.addWorker();
  }

  violate(invariant: string, message: string): void {
    this.violations.push({ invariant, message });
    this.trace?.(`VIOLATION ${invariant}: ${message}`);
  }

  addWorker(workerId?: string): SimWorker {
    const name = `W${this.workers.length + 1}`;
    const worker = new SimWorker(this, name, this.plan.alone ? "the-only-one" : (workerId ?? name));
    this.workers.push(worker);
    worker.engine.start();
    return worker;
  }

  /** The one that is alone, brought to life when it is not there. */
  onlyWorker(): SimWorker {
    return this.working[0] ?? this.addWorker();
  }

  #ring(): void {
    if (this.workers.some(({ stopping }) => stopping !== "no")) return;
    const worker = this.onlyWorker();
    this.trace?.(`  the alarm rings, ${worker.name} looks around`);
    this.#looking.add(worker);
    worker.engine.recover().then(
      () => this.#looking.delete(worker),
      (error: unknown) => {
        this.trace?.(`    ${worker.name} could not: ${String(error)}`);
        this.lookFailed(worker);
      },
    );
  }

  /** The place rings again until a look came to its end. */
  lookFailed(worker: SimWorker): void {
    if (this.#looking.delete(worker)) this.alarm.want(this.clock.now + RETRY_MS);
  }

  /** Workers that clients can reach. */
  get working(): SimWorker[] {
    return this.workers.filter((worker) => worker.works);
  }

  /** Workers whose calls and timers get on. */
  moves(worker: SimWorker): boolean {
    return !worker.crashed && !worker.stalled;
  }
}

function planRun(plan: Plan, random: Random, at: number): PlannedRun {
  const sessionId = `s${random.below(plan.sessions)}`;
  return {
    executionId: `e${at}`,
    identity: { tenantId: "t", sessionId, userId: "u", turnIndex: at },
    agent: random.pick([...AGENT_NAMES, "safe", "unsafe"]),
    script: chooseScript(plan, random),
    priority: plan.priorities ? random.below(3) : 0,
    deadlineMs: plan.deadlines && random.chance(0.5) ? random.pick([1, 200, 900]) : undefined,
  };
}

/** Lets everything happen that waits for nothing but its turn: engines, agents and readers need only microtasks. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
