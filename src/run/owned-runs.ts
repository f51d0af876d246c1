import { TurnError } from "../errors.ts";
import type { EngineCore, Fence } from "./engine-core.ts";
import { type EngineLife, stoppedError } from "./engine-life.ts";
import { OwnedRun } from "./owned-run.ts";
import { RunDraft } from "./run-draft.ts";
import type { RunRecord, RunTransaction } from "./run-store.ts";
import type { TakenRun } from "./take-run.ts";

/**
 * The runs in this worker's hands: taken, kept by signs of life, and given back.
 *
 * Invariants: a run is here exactly as long as somebody works on it; what was taken for it is given back when the work
 * is over, however it ends (R2).
 */
export class OwnedRuns {
  readonly #core: EngineCore;
  readonly #life: EngineLife;
  readonly #onLeft: () => void;
  readonly #runs = new Map<string, OwnedRun>();
  readonly #work = new Set<Promise<void>>();
  /** Steps of the store that may bring a run into this worker's hands. */
  readonly #taking = new Set<Promise<unknown>>();
  /** What this worker's name held before; nothing is taken under that name until it is settled. */
  #reclaimed: Promise<void> | undefined;

  /** `onLeft` is called whenever a run has left. */
  constructor(core: EngineCore, life: EngineLife, onLeft: () => void) {
    this.#core = core;
    this.#life = life;
    this.#onLeft = onLeft;
  }

  get size(): number {
    return this.#runs.size;
  }

  has(executionId: string): boolean {
    return this.#runs.has(executionId);
  }

  /** Lets the run's owner know of a stop that is recorded in the store, if the owner is here. */
  cancel(executionId: string, reason: string | undefined): void {
    this.#runs.get(executionId)?.cancel(reason);
  }

  /** Takes a run into this worker's hands for as long as `work` lasts. Never rejects. */
  own(
    run: RunRecord,
    fence: Fence,
    work: (owned: OwnedRun) => Promise<void>,
    giveBack: () => void = () => undefined,
  ): Promise<void> {
    const { executionId } = run;
    // An earlier hold of the same run is fenced out already; let its agent know.
    this.#runs.get(executionId)?.lose(leaseLost("This worker has taken the run up again"));
    const owned = new OwnedRun(this.#core, run, fence);
    this.#runs.set(executionId, owned);
    const done = work(owned).finally(() => {
      if (this.#runs.get(executionId) === owned) this.#runs.delete(executionId);
      this.#work.delete(done);
      giveBack();
      this.#onLeft();
    });
    this.#work.add(done);
    return done;
  }

  /** Settles a run that was taken for it. Never rejects. */
  settle({ run, fence, ending }: TakenRun): Promise<void> {
    return this.own(run, fence, (owned) => owned.settle(ending));
  }

  /** Does something after which this worker may own a run: a stop waits for it, and then for the run. */
  take<T>(body: () => Promise<T>): Promise<T> {
    const taking = body().finally(() => this.#taking.delete(taking));
    this.#taking.add(taking);
    return taking;
  }

  /** Resolves when what is being taken right now is here. */
  async taken(): Promise<void> {
    await Promise.allSettled([this.#reclaimed, ...this.#taking]);
  }

  /**
   * A worker that comes back under its name need not wait for its own leases to lapse. Before it takes any: those that
   * it has itself taken look just the same.
   */
  ready(): Promise<void> {
    this.#reclaimed ??= this.#reclaim().catch((error: unknown) =>
      this.#life.trouble("taking back its own leases, which lapse by themselves", error),
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

  /** Gives signs of life for the runs at work; those that another worker has taken are let go (R4). */
  async renew(): Promise<void> {
    const held = [...this.#runs.values()];
    if (held.length === 0) return;
    try {
      const renewed = await this.#core.transact((tx) => held.map((run) => renewLease(this.#core, tx, run)));
      held.forEach((run, index) => {
        const until = renewed[index];
        if (until !== undefined) run.extendLease(until);
        // One that has given its lease back by itself, at its end, is no longer here.
        else if (this.#runs.get(run.executionId) === run) run.lose(leaseLost("Another worker has the run"));
      });
    } catch (error) {
      for (const run of held)
        if (run.leaseUntil <= this.#core.now()) run.lose(leaseLost("It could not be renewed in time"));
      throw error;
    }
  }

  /** Waits until nothing is at work any more, but no longer than `graceMs`. */
  async workedOff(graceMs: number): Promise<void> {
    let stopWaiting: () => void = () => undefined;
    const graceOver = new Promise<void>((resolve) => {
      stopWaiting = this.#core.options.clock.after(graceMs, resolve);
    });
    while (this.#work.size > 0) {
      const all = Promise.all(this.#work).then(() => false);
      if (await Promise.race([all, graceOver.then(() => true)])) break;
    }
    stopWaiting();
  }

  /** Gives back what is still at work, so that another worker need not wait for the leases to lapse. */
  async letGo(): Promise<void> {
    const left = [...this.#runs.values()];
    for (const run of left) run.lose(stoppedError());
    try {
      if (left.length > 0) await this.#core.transact((tx) => left.forEach((run) => giveBackLease(this.#core, tx, run)));
    } catch (error) {
      this.#life.trouble("giving back leases, which lapse by themselves", error);
    }
    await Promise.all(this.#work);
  }
}

/** The row of a run, as long as it is this worker's. */
function ownRecord(tx: RunTransaction, { executionId, fence }: OwnedRun): RunRecord | undefined {
  const run = tx.getRun(executionId);
  return run?.epoch === fence.epoch && run.workerId === fence.workerId ? run : undefined;
}

/** Until when the owner has the run now; undefined when it has it no more. */
function renewLease(core: EngineCore, tx: RunTransaction, owned: OwnedRun): number | undefined {
  const run = ownRecord(tx, owned);
  if (run === undefined) return undefined;
  const draft = new RunDraft(tx, run);
  const until = core.extendLease(draft);
  draft.write();
  return until;
}

function giveBackLease(core: EngineCore, tx: RunTransaction, owned: OwnedRun): void {
  const run = ownRecord(tx, owned);
  if (run !== undefined) tx.updateRun(run, { workerId: undefined, leaseUntil: 0, wakeAt: core.now() });
}

function leaseLost(why: string): TurnError {
  return new TurnError("lease-lost", `The lease is lost. ${why}`);
}
