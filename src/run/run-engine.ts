import type { TurnEvent } from "../event/turn-event.ts";
import { TurnError } from "../errors.ts";
import { checkFiniteDuration, checkName } from "../internal/check-argument.ts";
import { type ApprovalDecision, type ExecutionSnapshot, isEnded } from "../substrate/execution.ts";
import type { Attachment, ListFilter, OpenRequest, Substrate } from "../substrate/substrate.ts";
import { type CancelledRun, cancelRun } from "./cancel-run.ts";
import { claimNext } from "./claim-run.ts";
import { checkCursor, parseCursor } from "./cursor.ts";
import { approvalNotFound, checkDecision, decideApproval } from "./decide-approval.ts";
import { EngineCore, executionNotFound, type Fence } from "./engine-core.ts";
import { resolveEngineOptions, type RunEngineOptions } from "./engine-options.ts";
import { readEvents } from "./event-reader.ts";
import { checkRequest, openRun } from "./open-run.ts";
import { OwnedRun } from "./owned-run.ts";
import { QueueNotices } from "./queue-notices.ts";
import { recoverRun } from "./recover-run.ts";
import { RunDraft } from "./run-draft.ts";
import type { RunRecord, RunTransaction } from "./run-store.ts";
import { snapshotOf } from "./snapshot.ts";
import { trimRuns } from "./trim-runs.ts";

/** Numbers about one engine, for a dashboard. */
export interface RunEngineStats {
  readonly workerId: string;
  readonly heldSlots: number;
  readonly maxConcurrentRuns: number;
  /** Runs that this engine works on, those that it settles without a slot included. */
  readonly ownedRuns: number;
  readonly readers: number;
}

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

const SWEEP_LIMIT = 100;
const LIST_LIMIT = 1000;
const PAGE = 500;
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
 * Job: to hand runs to workers' hands (`OwnedRun`) and readers to feeds, and to look regularly for what other processes,
 * crashes and time have done. Not its job: the rules, which are steps of the store in the files beside this one.
 *
 * Invariants: a slot is held exactly as long as its run is at work here (R2); one claim loop, one poll and one renewal
 * at a time; after `stop` nothing is claimed.
 */
class Engine implements RunEngine {
  readonly envelope = "stored";
  readonly #core: EngineCore;
  readonly #owned = new Map<string, OwnedRun>();
  readonly #work = new Set<Promise<void>>();
  /** Steps of the store that may bring a run into this worker's hands. */
  readonly #taking = new Set<Promise<unknown>>();
  readonly #notices: QueueNotices;
  readonly #timers = new Set<() => void>();
  #state: "new" | "started" | "stopping" | "stopped" = "new";
  #claiming: Promise<void> | undefined;
  #claimAgain = false;
  /** What this worker's name held before; nothing is taken under that name until it is settled. */
  #reclaimed: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;
  #storeTrouble = false;

  constructor(core: EngineCore) {
    this.#core = core;
    this.#notices = new QueueNotices(core);
  }

  async open(request: OpenRequest): Promise<Attachment> {
    const checked = checkRequest(request);
    const cursor = parseCursor(request.after);
    this.#refuseWhenStopped();
    this.start();
    const { run, created, said, interrupted } = await this.#core.transact((tx) => {
      const opened = openRun(this.#core, tx, checked, this.#core.slots.free);
      checkCursor(opened.run, cursor);
      return opened;
    });
    for (const { run: about, events } of said) {
      this.#core.tell(about.executionId, events);
      this.#core.tellHook(about, events);
    }
    for (const executionId of interrupted)
      this.#background("cancelling an interrupted run", () => this.cancel(executionId));
    if (created) this.#claim();
    return { executionId: run.executionId, created, events: this.#events(run.executionId, cursor, request.signal) };
  }

  async attach(
    executionId: string,
    options: { readonly after?: string; readonly signal?: AbortSignal } = {},
  ): Promise<Attachment> {
    checkName("executionId", executionId);
    const cursor = parseCursor(options.after);
    this.#refuseWhenStopped();
    // A reader hears of other processes' events through the poll.
    this.start();
    await this.#core.transact((tx) => {
      const run = tx.getRun(executionId);
      if (run === undefined) throw executionNotFound(executionId);
      checkCursor(run, cursor);
    });
    return { executionId, created: false, events: this.#events(executionId, cursor, options.signal) };
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
    await this.#ready();
    this.#refuseWhenStopped();
    const result = await this.#take(async () => {
      const cancelled: CancelledRun = await this.#core.change(executionId, (draft) =>
        cancelRun(this.#core, draft, reason),
      );
      if (!("taken" in cancelled)) return cancelled;
      return { settled: this.#own(cancelled.taken, cancelled.fence, (owned) => owned.settle({ how: "cancelled" })) };
    });
    if ("settled" in result) {
      await result.settled;
      return this.#snapshot(executionId);
    }
    if (result.snapshot.state === "cancelling") this.#owned.get(executionId)?.cancel(reason);
    return result.snapshot;
  }

  async decide(executionId: string, approvalId: string, decision: ApprovalDecision): Promise<ExecutionSnapshot> {
    checkName("executionId", executionId);
    checkName("approvalId", approvalId);
    const checked = checkDecision(decision);
    this.#refuseWhenStopped();
    this.start();
    const snapshot = await this.#core.change(executionId, (draft) =>
      decideApproval(this.#core, draft, approvalId, checked),
    );
    this.#claim();
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
    this.#refuseWhenStopped();
    if (this.#state !== "new") return;
    this.#state = "started";
    const { pollMs, heartbeatMs, retention } = this.#core.options;
    this.#background("taking up what an earlier process left", () => this.recover());
    this.#every(pollMs, "asking the store what happened", () => this.#poll());
    this.#every(heartbeatMs, "renewing leases", () => this.#renew());
    if (retention.maxAgeMs !== undefined || retention.maxRuns !== undefined) {
      this.#every(TRIM_EVERY_MS, "trimming events", () => trimRuns(this.#core));
    }
  }

  async recover(): Promise<number> {
    let moved = 0;
    // What it takes needs its leases renewed.
    if (this.#state === "new") this.start();
    if (this.#state !== "started") return 0;
    await this.#ready();
    while (this.#state === "started") {
      // A run at work here is nobody's to recover: its own renewal decides.
      const limit = SWEEP_LIMIT + this.#owned.size;
      const due = await this.#core.transact((tx) => tx.dueRuns(this.#core.now(), limit));
      const others = due.filter(({ executionId }) => !this.#owned.has(executionId));
      for (const { executionId } of others) if (this.#state === "started") await this.#recoverOne(executionId);
      moved += others.length;
      if (due.length < limit) break;
    }
    this.#claim();
    return moved;
  }

  stop({ graceMs = 5000 }: { readonly graceMs?: number } = {}): Promise<void> {
    checkFiniteDuration("graceMs", graceMs);
    this.#stopping ??= this.#shutDown(graceMs);
    return this.#stopping;
  }

  stats(): RunEngineStats {
    const { slots, feeds, options } = this.#core;
    return {
      workerId: options.workerId,
      heldSlots: slots.held,
      maxConcurrentRuns: slots.max,
      ownedRuns: this.#owned.size,
      readers: feeds.readers,
    };
  }

  #refuseWhenStopped(): void {
    if (this.#state === "stopping" || this.#state === "stopped") throw stoppedError();
  }

  async #snapshot(executionId: string): Promise<ExecutionSnapshot> {
    const snapshot = await this.inspect(executionId);
    if (snapshot === undefined) throw executionNotFound(executionId);
    return snapshot;
  }

  #events(executionId: string, cursor: number, signal: AbortSignal | undefined): AsyncIterable<TurnEvent> {
    const { feeds } = this.#core;
    return readEvents(
      {
        join: () => feeds.join(executionId),
        refresh: async (feed) => {
          const run = await this.#core.transact((tx) => tx.getRun(executionId));
          if (run !== undefined) feed.advance(run.lastEventId, isEnded(run.state));
        },
        readPage: (after) =>
          this.#core.transact((tx) => {
            const run = tx.getRun(executionId);
            if (run === undefined) throw executionNotFound(executionId);
            checkCursor(run, after);
            return tx.readEvents(run, after, PAGE);
          }),
        leave: () => feeds.leave(executionId),
      },
      cursor,
      signal,
    );
  }

  /** Fills free slots with what waits, in order (R1). Called whenever either may be there; loops by itself. */
  #claim(): void {
    this.#claimAgain = true;
    if (this.#claiming !== undefined) return;
    this.#claiming = this.#claimLoop().finally(() => {
      this.#claiming = undefined;
    });
  }

  async #claimLoop(): Promise<void> {
    await this.#ready();
    while (this.#claimAgain) {
      this.#claimAgain = false;
      while (this.#state === "started" && this.#core.slots.free) {
        const giveBack = this.#core.slots.take();
        let claimed = false;
        try {
          claimed = await this.#claimOne(giveBack);
        } catch (error) {
          this.#trouble("claiming a run", error);
        }
        // The next poll tries again, whatever it was.
        if (!claimed) {
          giveBack();
          break;
        }
      }
    }
  }

  async #claimOne(giveBack: () => void): Promise<boolean> {
    const claimed = await this.#core.transact((tx) => claimNext(this.#core, tx));
    if (claimed === undefined) return false;
    const { run, fence, said } = claimed;
    this.#core.tell(run.executionId, said);
    this.#core.tellHook(run, said);
    const agent = this.#core.options.agents.get(run.agent);
    void this.#own(run, fence, (owned) => owned.run(agent), giveBack);
    return true;
  }

  /** Takes a run into this worker's hands for as long as `work` lasts. Never rejects. */
  #own(
    run: RunRecord,
    fence: Fence,
    work: (owned: OwnedRun) => Promise<void>,
    giveBack: () => void = () => undefined,
  ): Promise<void> {
    const { executionId } = run;
    // An earlier hold of the same run is fenced out already; let its agent know.
    this.#owned.get(executionId)?.lose(leaseLost("This worker has taken the run up again"));
    const owned = new OwnedRun(this.#core, run, fence);
    this.#owned.set(executionId, owned);
    const done = work(owned).finally(() => {
      if (this.#owned.get(executionId) === owned) this.#owned.delete(executionId);
      this.#work.delete(done);
      giveBack();
      this.#claim();
    });
    this.#work.add(done);
    return done;
  }

  #recoverOne(executionId: string): Promise<void> {
    return this.#take(async () => {
      const taken = await this.#core.change(executionId, (draft) => recoverRun(this.#core, draft));
      if (taken !== undefined) void this.#own(taken.run, taken.fence, (owned) => owned.settle(taken.ending));
    });
  }

  /** Does something after which this worker may own a run: a stop waits for it, and then for the run. */
  #take<T>(body: () => Promise<T>): Promise<T> {
    const taking = body().finally(() => this.#taking.delete(taking));
    this.#taking.add(taking);
    return taking;
  }

  /**
   * A worker that comes back under its name need not wait for its own leases to lapse. Before it takes any: those that
   * it has itself taken look just the same.
   */
  #ready(): Promise<void> {
    this.#reclaimed ??= this.#reclaim().catch((error: unknown) =>
      this.#trouble("taking back its own leases, which lapse by themselves", error),
    );
    return this.#reclaimed;
  }

  async #reclaim(): Promise<void> {
    const { workerId } = this.#core.options;
    await this.#core.transact((tx) => {
      for (const state of ["claimed", "running", "resuming", "cancelling", "settling"] as const) {
        for (const run of tx.ownedRuns(workerId, state)) {
          tx.updateRun(run, { leaseUntil: 0, wakeAt: this.#core.now() });
        }
      }
    });
  }

  /** What other processes and time have done since the last look. */
  async #poll(): Promise<void> {
    const { feeds, options, slots } = this.#core;
    const seen = await this.#core.transact((tx) => ({
      due: tx.dueRuns(this.#core.now(), 1).length > 0,
      claimable: slots.free && tx.nextClaimable() !== undefined,
      cancelling: tx
        .ownedRuns(options.workerId, "cancelling")
        .map((run) => ({ executionId: run.executionId, reason: tx.getDocument(run, "cancel") })),
      logs: [...feeds.entries()]
        .filter(([executionId]) => !this.#owned.has(executionId))
        .map(([executionId, feed]) => ({ feed, run: tx.getRun(executionId) })),
    }));
    for (const { executionId, reason } of seen.cancelling) {
      this.#owned.get(executionId)?.cancel(typeof reason === "string" ? reason : undefined);
    }
    for (const { feed, run } of seen.logs) if (run !== undefined) feed.advance(run.lastEventId, isEnded(run.state));
    if (seen.due) await this.recover();
    else if (seen.claimable) this.#claim();
    await this.#notices.send();
    this.#storeTrouble = false;
  }

  /** Gives signs of life for the runs at work; those that another worker has taken are let go (R4). */
  async #renew(): Promise<void> {
    const held = [...this.#owned.values()];
    if (held.length === 0) return;
    try {
      const renewed = await this.#core.transact((tx) => held.map((run) => renewLease(this.#core, tx, run)));
      held.forEach((run, index) => {
        const until = renewed[index];
        if (until !== undefined) run.extendLease(until);
        // One that has given its lease back by itself, at its end, is no longer here.
        else if (this.#owned.get(run.executionId) === run) run.lose(leaseLost("Another worker has the run"));
      });
    } catch (error) {
      for (const run of held)
        if (run.leaseUntil <= this.#core.now()) run.lose(leaseLost("It could not be renewed in time"));
      throw error;
    }
  }

  async #shutDown(graceMs: number): Promise<void> {
    this.#state = "stopping";
    const { clock } = this.#core.options;
    await Promise.allSettled([this.#reclaimed, this.#claiming, ...this.#taking]);
    let stopWaiting: () => void = () => undefined;
    const graceOver = new Promise<void>((resolve) => {
      stopWaiting = clock.after(graceMs, resolve);
    });
    while (this.#work.size > 0) {
      const all = Promise.all(this.#work).then(() => false);
      if (await Promise.race([all, graceOver.then(() => true)])) break;
    }
    stopWaiting();
    await this.#letGo();
    await Promise.all(this.#work);
    this.#state = "stopped";
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
    this.#core.feeds.close(stoppedError());
  }

  /** Gives back what is still at work, so that another worker need not wait for the leases to lapse. */
  async #letGo(): Promise<void> {
    const left = [...this.#owned.values()];
    if (left.length === 0) return;
    for (const run of left) run.lose(stoppedError());
    try {
      await this.#core.transact((tx) => {
        for (const { executionId, fence } of left) {
          const run = tx.getRun(executionId);
          if (run === undefined || run.epoch !== fence.epoch || run.workerId !== fence.workerId) continue;
          tx.updateRun(run, { workerId: undefined, leaseUntil: 0, wakeAt: this.#core.now() });
        }
      });
    } catch (error) {
      this.#trouble("giving back leases, which lapse by themselves", error);
    }
  }

  /** Does something again and again until the engine is stopped, one at a time. */
  #every(ms: number, what: string, body: () => Promise<unknown>): void {
    let cancel = this.#core.options.clock.after(ms, tick);
    const forget = (): void => cancel();
    this.#timers.add(forget);
    const again = (): void => {
      if (this.#state === "started" || this.#state === "stopping") cancel = this.#core.options.clock.after(ms, tick);
    };
    const attempt = async (): Promise<void> => {
      try {
        await body();
      } catch (error) {
        this.#trouble(what, error);
      }
      again();
    };
    function tick(): void {
      void attempt();
    }
  }

  #background(what: string, body: () => Promise<unknown>): void {
    body().catch((error: unknown) => this.#trouble(what, error));
  }

  /** The store's trouble is told once, not at every look. */
  #trouble(what: string, error: unknown): void {
    if (this.#storeTrouble || this.#state === "stopped") return;
    this.#storeTrouble = true;
    this.#core.options.log(`The run engine failed at ${what}; it tries again`, { error });
  }
}

/** Until when the owner has the run now; undefined when it has it no more. */
function renewLease(core: EngineCore, tx: RunTransaction, { executionId, fence }: OwnedRun): number | undefined {
  const run = tx.getRun(executionId);
  if (run === undefined || run.epoch !== fence.epoch || run.workerId !== fence.workerId) return undefined;
  const draft = new RunDraft(tx, run);
  const until = core.extendLease(draft);
  draft.write();
  return until;
}

function leaseLost(why: string): TurnError {
  return new TurnError("lease-lost", `The lease is lost. ${why}`);
}

function stoppedError(): TurnError {
  return new TurnError("closed", "The run engine was stopped");
}
