import { checkFiniteDuration, checkName } from "../internal/check-argument.ts";
import type { ApprovalDecision, ExecutionSnapshot } from "../substrate/execution.ts";
import type { Attachment, ListFilter, OpenRequest, Substrate } from "../substrate/substrate.ts";
import { cancelRun } from "./cancel-run.ts";
import { ClaimLoop } from "./claim-loop.ts";
import { checkCursor, parseCursor, readableRun } from "./cursor.ts";
import { approvalNotFound, checkDecision, decideApproval } from "./decide-approval.ts";
import { EngineCore, knownRun } from "./engine-core.ts";
import { EngineLife, stoppedError } from "./engine-life.ts";
import { resolveEngineOptions, type RunEngineOptions } from "./engine-options.ts";
import { engineStats, type RunEngineStats } from "./engine-stats.ts";
import { followLog } from "./follow-log.ts";
import { hearOthers } from "./hear-others.ts";
import { checkRequest, openRun } from "./open-run.ts";
import { OwnedRuns } from "./owned-runs.ts";
import { QueueNotices } from "./queue-notices.ts";
import { recoverDue } from "./recover-due.ts";
import { snapshotOf } from "./snapshot.ts";
import { trimRuns } from "./trim-runs.ts";

/** The embedded substrate: executions in a store, worked on by this process and others. */
export interface RunEngine extends Substrate {
  readonly envelope: "stored";
  /** Begins to work: takes up what an earlier process left, claims what waits. The first call that needs it does so by itself. */
  start(): void;
  /** Looks after every run that needs it right now, and returns how many it moved. */
  recover(): Promise<number>;
  /** Takes no more runs, gives those at work `graceMs` to end, and leaves the rest to recovery. */
  stop(options?: { readonly graceMs?: number }): Promise<void>;
  stats(): RunEngineStats;
  /** {@link Substrate.decide} for those who know only the approval. */
  decideApproval(approvalId: string, decision: ApprovalDecision): Promise<ExecutionSnapshot>;
  list(filter: ListFilter): Promise<ExecutionSnapshot[]>;
}

const LIST_LIMIT = 1000;
const TRIM_EVERY_MS = 1000;

/**
 * Makes a run engine over a store. Any number of engines, in any number of processes, may work on one store.
 *
 * @example
 * ```ts
 * import { createRunEngine, memoryStore } from "turnwire/run";
 * import { textDelta } from "turnwire";
 *
 * const engine = createRunEngine({
 *   store: memoryStore(),
 *   agents: {
 *     default: async function* ({ input }) {
 *       yield textDelta(`You said: ${String(input.message)}`);
 *     },
 *   },
 * });
 * const { events } = await engine.open({
 *   executionId: "demo:thread-1:0",
 *   identity: { tenantId: "acme", sessionId: "thread-1", userId: "ada", turnIndex: 0 },
 *   input: { message: "Hello" },
 * });
 * for await (const event of events) console.log(event.id, event.type);
 * await engine.stop();
 * ```
 */
export function createRunEngine(options: RunEngineOptions): RunEngine {
  return new Engine(new EngineCore(resolveEngineOptions(options)));
}

/**
 * Job: to hand runs to workers' hands (`OwnedRuns`) and readers to feeds, and to look regularly for what other processes,
 * crashes and time have done. Not its job: the rules, which are steps of the store in the files beside this one.
 *
 * Invariants: one claim loop, one poll and one renewal at a time; after `stop` nothing is claimed.
 */
class Engine implements RunEngine {
  readonly envelope = "stored";
  readonly #core: EngineCore;
  readonly #life: EngineLife;
  readonly #owned: OwnedRuns;
  readonly #claims: ClaimLoop;
  readonly #notices: QueueNotices;
  #stopping: Promise<void> | undefined;

  constructor(core: EngineCore) {
    this.#core = core;
    this.#life = new EngineLife(core);
    this.#owned = new OwnedRuns(core, this.#life, () => this.#fillSlot());
    this.#claims = new ClaimLoop(core, this.#life, this.#owned);
    this.#notices = new QueueNotices(core);
  }

  async open(request: OpenRequest): Promise<Attachment> {
    const checked = checkRequest(request);
    const cursor = parseCursor(request.after);
    this.start();
    const { run, created, said, interrupted } = await this.#core.transact((tx) => {
      const opened = openRun(this.#core, tx, checked);
      checkCursor(opened.run, cursor);
      return opened;
    });
    for (const { run: about, events } of said) this.#core.announce(about, events);
    for (const executionId of interrupted)
      this.#life.background("cancelling an interrupted run", () => this.cancel(executionId));
    if (created) this.#claims.fill();
    const { executionId } = run;
    return { executionId, created, events: followLog(this.#core, executionId, cursor, request.signal) };
  }

  async attach(
    executionId: string,
    options: { readonly after?: string; readonly signal?: AbortSignal } = {},
  ): Promise<Attachment> {
    checkName("executionId", executionId);
    const cursor = parseCursor(options.after);
    // A reader hears of other processes' events through the poll.
    this.start();
    await this.#core.transact((tx) => readableRun(tx, executionId, cursor));
    return { executionId, created: false, events: followLog(this.#core, executionId, cursor, options.signal) };
  }

  inspect(executionId: string): Promise<ExecutionSnapshot | undefined> {
    return this.#core.transact((tx) => {
      const run = tx.getRun(executionId);
      return run === undefined ? undefined : snapshotOf(tx, run);
    });
  }

  async cancel(executionId: string, { reason }: { readonly reason?: string } = {}): Promise<ExecutionSnapshot> {
    checkName("executionId", executionId);
    if (reason !== undefined) checkName("reason", reason);
    this.start();
    await this.#owned.ready();
    this.#life.refuseWhenStopped();
    // A run that had no owner is this worker's now: its end is waited for.
    const { settled, snapshot } = await this.#owned.take(async () => {
      const { taken, snapshot } = await this.#core.change(executionId, (draft) => cancelRun(this.#core, draft, reason));
      return { settled: taken && this.#owned.settle(taken), snapshot };
    });
    await settled;
    if (settled !== undefined) return this.#core.transact((tx) => snapshotOf(tx, knownRun(tx, executionId)));
    if (snapshot.state === "cancelling") this.#owned.cancel(executionId, reason);
    return snapshot;
  }

  async decide(executionId: string, approvalId: string, decision: ApprovalDecision): Promise<ExecutionSnapshot> {
    checkName("executionId", executionId);
    checkName("approvalId", approvalId);
    const checked = checkDecision(decision);
    this.start();
    const snapshot = await this.#core.change(executionId, (draft) =>
      decideApproval(this.#core, draft, approvalId, checked),
    );
    this.#claims.fill();
    return snapshot;
  }

  async decideApproval(approvalId: string, decision: ApprovalDecision): Promise<ExecutionSnapshot> {
    checkName("approvalId", approvalId);
    const approval = await this.#core.transact((tx) => tx.getApproval(approvalId));
    if (approval === undefined) throw approvalNotFound(approvalId);
    return this.decide(approval.executionId, approvalId, decision);
  }

  list(filter: ListFilter): Promise<ExecutionSnapshot[]> {
    return this.#core.transact((tx) => tx.listRuns(filter, LIST_LIMIT).map((run) => snapshotOf(tx, run)));
  }

  start(): void {
    if (!this.#life.begin()) return;
    const { pollMs, heartbeatMs, retention, wake } = this.#core.options;
    this.#life.background("taking up what an earlier process left", () => this.recover());
    // Alone with its store, it is told when to look.
    if (wake !== undefined) return;
    this.#life.every(pollMs, "asking the store what happened", () => this.#poll());
    this.#life.every(heartbeatMs, "renewing leases", () => this.#owned.renew());
    if (retention.maxAgeMs !== undefined || retention.maxRuns !== undefined) {
      this.#life.every(TRIM_EVERY_MS, "trimming events", () => trimRuns(this.#core));
    }
  }

  async #poll(): Promise<void> {
    const { due, claimable } = await hearOthers(this.#core, this.#owned);
    if (due) await this.recover();
    else if (claimable) this.#claims.fill();
    await this.#notices.send();
    this.#life.troubleIsOver();
  }

  async recover(): Promise<number> {
    // What it takes needs its leases renewed.
    if (this.#life.isNew) this.start();
    if (!this.#life.works) return 0;
    await this.#owned.ready();
    if (this.#core.options.wake !== undefined) await this.#lookAround();
    try {
      return await recoverDue(this.#core, this.#life, this.#owned);
    } finally {
      this.#claims.fill();
    }
  }

  /** A run has left its slot. */
  #fillSlot(): void {
    this.#claims.fill();
    if (this.#core.options.wake === undefined) return;
    this.#life.background("telling who waits where", () => this.#claims.quiet().then(() => this.#notices.send()));
  }

  /** What an engine that is shared does by the clock. */
  async #lookAround(): Promise<void> {
    const { maxAgeMs, maxRuns } = this.#core.options.retention;
    await this.#owned.renew();
    if (maxAgeMs !== undefined || maxRuns !== undefined) await trimRuns(this.#core);
    await this.#notices.send();
    this.#life.troubleIsOver();
  }

  stop({ graceMs = 5000 }: { readonly graceMs?: number } = {}): Promise<void> {
    checkFiniteDuration("graceMs", graceMs);
    this.#stopping ??= this.#shutDown(graceMs);
    return this.#stopping;
  }

  async #shutDown(graceMs: number): Promise<void> {
    this.#life.beginToStop();
    await Promise.all([this.#claims.quiet(), this.#owned.taken()]);
    await this.#owned.workedOff(graceMs);
    await this.#owned.letGo();
    this.#life.end();
    this.#core.feeds.close(stoppedError());
  }

  stats(): RunEngineStats {
    return engineStats(this.#core, this.#owned);
  }
}
