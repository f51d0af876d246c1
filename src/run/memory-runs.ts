import { type Rank, SortedList } from "../internal/sorted-list.ts";
import { isEnded } from "../substrate/execution.ts";
import type { RunRecord } from "./run-store.ts";

/** A run and what belongs to it. */
export interface MemoryRun {
  /** Replaced, never changed, so that a reader's copy and the undo log can keep it. */
  record: RunRecord;
  /** JSON text; the first has the id `firstEventId`. */
  events: string[];
  firstEventId: number;
  /** Whether its events were trimmed, and none has come since. */
  trimmed: boolean;
  /** JSON text by name. */
  readonly documents: Map<string, string>;
  /** Where each index holds the run now. */
  readonly places: Map<RunIndex, Place>;
}

interface Place extends Rank {
  readonly bucket: string;
  readonly run: MemoryRun;
}

/** Says where a run belongs in an index: nowhere, or in a bucket, there by rank and then by seq. */
type Placing = (run: MemoryRun) => { readonly bucket?: string; readonly rank?: number } | undefined;

/** One way of finding runs without looking at all of them. */
class RunIndex {
  readonly #buckets = new Map<string, SortedList<Place>>();
  readonly #placing: Placing;

  constructor(placing: Placing) {
    this.#placing = placing;
  }

  /** Moves the run to where it belongs now. */
  refresh(run: MemoryRun): void {
    const old = run.places.get(this);
    const wanted = this.#placing(run);
    const { bucket = "", rank = 0 } = wanted ?? {};
    if (wanted !== undefined && old?.bucket === bucket && old.rank === rank) return;
    if (old !== undefined) this.remove(run);
    if (wanted === undefined) return;
    const place: Place = { bucket, rank, seq: run.record.seq, run };
    let list = this.#buckets.get(bucket);
    if (list === undefined) this.#buckets.set(bucket, (list = new SortedList()));
    list.add(place);
    run.places.set(this, place);
  }

  remove(run: MemoryRun): void {
    const place = run.places.get(this);
    if (place === undefined) return;
    const list = this.#buckets.get(place.bucket);
    list?.delete(place);
    if (list?.items.length === 0) this.#buckets.delete(place.bucket);
    run.places.delete(this);
  }

  /** The runs of a bucket, in order. */
  bucket(bucket = ""): readonly Place[] {
    return this.#buckets.get(bucket)?.items ?? [];
  }
}

/** All runs of a memory store, and the indexes that find those that something is still to be done for. */
export class MemoryRuns {
  readonly #byExecution = new Map<string, MemoryRun>();

  readonly all: RunIndex = new RunIndex(() => ({}));
  readonly ofSession: RunIndex = new RunIndex(({ record }) => ({ bucket: record.sessionId }));
  readonly live: RunIndex = new RunIndex(({ record }) =>
    isEnded(record.state) ? undefined : { bucket: liveKey(record.tenantId, record.sessionId) },
  );
  readonly owned: RunIndex = new RunIndex(({ record }) =>
    record.workerId === undefined ? undefined : { bucket: ownedKey(record.workerId, record.state) },
  );
  readonly claimable: RunIndex = new RunIndex(({ record }) =>
    waits(record) && !record.blocked ? { rank: -record.priority } : undefined,
  );
  readonly blocked: RunIndex = new RunIndex(({ record }) =>
    waits(record) && record.blocked ? { rank: -record.priority } : undefined,
  );
  readonly due: RunIndex = new RunIndex(({ record }) =>
    record.wakeAt === undefined ? undefined : { rank: record.wakeAt },
  );
  readonly trimmable: RunIndex = new RunIndex(({ record, trimmed }) =>
    isEnded(record.state) && !trimmed ? { rank: record.finishedAt ?? -Infinity } : undefined,
  );

  readonly #indexes: readonly RunIndex[] = [
    this.all,
    this.ofSession,
    this.live,
    this.owned,
    this.claimable,
    this.blocked,
    this.due,
    this.trimmable,
  ];

  get(executionId: string): MemoryRun | undefined {
    return this.#byExecution.get(executionId);
  }

  add(run: MemoryRun): void {
    this.#byExecution.set(run.record.executionId, run);
    this.refresh(run);
  }

  delete(run: MemoryRun): void {
    this.#byExecution.delete(run.record.executionId);
    for (const index of this.#indexes) index.remove(run);
  }

  /** To be called after every change of a run. */
  refresh(run: MemoryRun): void {
    for (const index of this.#indexes) index.refresh(run);
  }
}

function waits(record: RunRecord): boolean {
  return record.workerId === undefined && (record.state === "queued" || record.state === "resuming");
}

/** Two ids as one string that no other two give. */
export function liveKey(tenantId: string, sessionId: string): string {
  return `${tenantId.length} ${tenantId}${sessionId}`;
}

export function ownedKey(workerId: string, state: string): string {
  return `${state} ${workerId}`;
}
