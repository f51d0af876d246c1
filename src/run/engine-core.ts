import { TurnError } from "../errors.ts";
import { createEventHook } from "../turn/event-hook.ts";
import type { ResolvedEngineOptions } from "./engine-options.ts";
import { EventFeeds } from "./event-feeds.ts";
import { RunDraft, type SaidEvents } from "./run-draft.ts";
import type { RunRecord, RunTransaction } from "./run-store.ts";
import { nextLook } from "./next-look.ts";
import { Slots } from "./slots.ts";

/** What proves that a write comes from the run's owner (S9). */
export interface Fence {
  readonly workerId: string;
  readonly epoch: number;
}

/**
 * The way into the store that every part of the engine takes: change rows and say events in one transaction, and tell
 * this process's readers what was said, after it was committed and never before (S3).
 */
export class EngineCore {
  readonly options: ResolvedEngineOptions;
  readonly feeds: EventFeeds = new EventFeeds();
  readonly slots: Slots;
  /** The agents that this engine knows, by name. */
  readonly agents: readonly string[];

  constructor(options: ResolvedEngineOptions) {
    this.options = options;
    this.slots = new Slots(options.maxConcurrentRuns);
    this.agents = [...options.agents.keys()];
  }

  now(): number {
    return this.options.clock.now();
  }

  /** Reads, or writes without saying anything. */
  transact<T>(body: (tx: RunTransaction) => T): Promise<T> {
    const { store, wake } = this.options;
    if (wake === undefined) return store.transact(body);
    return store.transact((tx) => {
      const value = body(tx);
      wake(nextLook(tx, this));
      return value;
    });
  }

  /** Changes one run; readers and the `onEvent` hook hear what was said. */
  change<T>(executionId: string, body: (draft: RunDraft) => T): Promise<T> {
    return this.changeAndSay(executionId, body, (said, run) => this.tellHook(run, said));
  }

  /**
   * Changes one run, as its owner where a fence is given: anybody else is refused with `lease-lost`. `onSaid` is called
   * as soon as the store has answered, so that those who tell the hook keep to the order of the log.
   */
  async changeAndSay<T>(
    executionId: string,
    body: (draft: RunDraft) => T,
    onSaid: (said: SaidEvents, run: RunRecord) => void,
    fence?: Fence,
  ): Promise<T> {
    const { value, run, said } = await this.transact((tx) => {
      const run = knownRun(tx, executionId);
      if (fence !== undefined && (run.epoch !== fence.epoch || run.workerId !== fence.workerId)) {
        throw new TurnError("lease-lost", `Another worker has taken over ${executionId}`);
      }
      const draft = new RunDraft(tx, run);
      const value = body(draft);
      return { value, run, said: draft.write() };
    });
    this.tell(executionId, said);
    onSaid(said, run);
    return value;
  }

  /** Tells readers and the hook what a transaction has committed that no owner of the run has said. */
  announce(run: RunRecord, said: SaidEvents): void {
    this.tell(run.executionId, said);
    this.tellHook(run, said);
  }

  /** Tells readers what a transaction has committed. */
  tell(executionId: string, said: SaidEvents): void {
    this.feeds.get(executionId)?.publish(said);
  }

  /** Tells the product's hook of events that no owner of the run has said. */
  tellHook({ executionId, tenantId, sessionId, userId, turnIndex }: RunRecord, { events }: SaidEvents): void {
    if (this.options.hooks.onEvent === undefined || events.length === 0) return;
    const identity = { tenantId, sessionId, userId, turnIndex };
    const hook = createEventHook({ ...this.options, identity, executionId });
    events.forEach(hook.tell);
  }

  /** Makes this worker the run's owner, for what `draft` commits. */
  takeLease(draft: RunDraft): Fence {
    const { workerId, leaseMs } = this.options;
    const epoch = draft.run.epoch + 1;
    const leaseUntil = this.now() + leaseMs;
    draft.set({ workerId, epoch, leaseUntil, wakeAt: leaseUntil });
    return { workerId, epoch };
  }

  /** Gives the run's owner more time, for what `draft` commits; returns until when. */
  extendLease(draft: RunDraft): number {
    const leaseUntil = this.now() + this.options.leaseMs;
    draft.set({ leaseUntil, wakeAt: leaseUntil });
    return leaseUntil;
  }

  /** Whether somebody holds the run right now. */
  hasOwner(run: RunRecord): boolean {
    return run.workerId !== undefined && run.leaseUntil > this.now();
  }
}

/** The run's row; refused when there is none. */
export function knownRun(tx: RunTransaction, executionId: string): RunRecord {
  const run = tx.getRun(executionId);
  if (run === undefined) throw new TurnError("execution-not-found", `There is no execution ${executionId}`);
  return run;
}
