import type { Retention, SessionPolicy } from "../../src/run/index.ts";
import type { Random } from "../support/random.ts";

/** What can go wrong in a schedule, or be asked of it. Each schedule has a few of these, so that each gets its turn. */
export interface Features {
  readonly storeFails: boolean;
  readonly answersLate: boolean;
  readonly crashes: boolean;
  readonly jumps: boolean;
  readonly stops: boolean;
  readonly cancels: boolean;
  readonly deadlines: boolean;
  readonly approvals: boolean;
  readonly expiries: boolean;
  readonly checkpoints: boolean;
  readonly agentsFail: boolean;
  readonly agentsHang: boolean;
  readonly hooksFail: boolean;
  readonly hooksHang: boolean;
  readonly slowHooks: boolean;
  readonly results: boolean;
  readonly priorities: boolean;
  /** Every other worker is of an older version and does not know one of the agents. */
  readonly mixedVersions: boolean;
  /** One engine alone with its store, in a place that puts it to sleep: it looks when it is asked, or when its alarm rings. */
  readonly alone: boolean;
}

/** One schedule's settings, all chosen by its seed. */
export interface Plan extends Features {
  readonly policy: SessionPolicy;
  readonly maxConcurrentRuns: number;
  readonly maxAttempts: number;
  readonly partialText: "drop" | "keep";
  readonly transforms: boolean;
  readonly retention: Retention;
  readonly workers: number;
  readonly sessions: number;
  readonly executions: number;
  readonly steps: number;
  readonly appendEveryMs: number;
}

// Short, so that a schedule comes to its end in few steps; what matters is their order.
export const LEASE_MS = 600;
export const HEARTBEAT_MS = 200;
export const POLL_MS = 150;
export const HOOK_TIMEOUT_MS = 250;

export function choosePlan(random: Random): Plan {
  const often = (): boolean => random.chance(0.55);
  const seldom = (): boolean => random.chance(0.3);
  const approvals = random.chance(0.45);
  // Most bugs need few runs and few steps; some need more.
  const big = random.chance(0.2);
  const alone = random.chance(0.2);
  return {
    alone,
    appendEveryMs: random.pick([0, 0, 0, 120]),
    policy: random.pick(["reject", "enqueue", "interrupt", "parallel"]),
    maxConcurrentRuns: random.pick([1, 1, 2]),
    maxAttempts: random.pick([0, 1, 3, 3]),
    partialText: random.pick(["drop", "keep"]),
    transforms: seldom(),
    retention: chooseRetention(random),
    workers: alone ? 1 : random.pick([1, 2, 2, 3]),
    sessions: random.pick([1, 1, 2]),
    executions: big ? 3 + random.below(6) : 1 + random.below(4),
    steps: big ? 100 + random.below(300) : 30 + random.below(100),
    storeFails: seldom(),
    answersLate: often(),
    crashes: often(),
    jumps: seldom(),
    stops: !alone && seldom(),
    cancels: often(),
    deadlines: seldom(),
    approvals,
    expiries: approvals && often(),
    checkpoints: seldom(),
    agentsFail: seldom(),
    agentsHang: seldom(),
    hooksFail: seldom(),
    hooksHang: random.chance(0.15),
    slowHooks: seldom(),
    results: seldom(),
    priorities: seldom(),
    mixedVersions: !alone && random.chance(0.08),
  };
}

function chooseRetention(random: Random): Retention {
  if (!random.chance(0.2)) return {};
  return random.pick([{ maxAgeMs: 300 }, { maxRuns: 1 }, { maxRuns: 0 }, { maxAgeMs: 0 }]);
}
