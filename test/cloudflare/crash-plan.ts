import type { ObjectState, ObjectStorage } from "../../src/cloudflare/index.ts";
import { SELECT_RUNS } from "../../src/sqlite/run-columns.ts";

/** How an instance comes to its end: alone, or with the whole process. */
export type CrashKind = "abort" | "kill";
export type HookName = "persist" | "complete" | "end";

/** A moment in a turn, told by what is done there and not by time. */
export type CrashPoint = EventPoint | HookPoint;

interface EventPoint {
  readonly how: CrashKind;
  /** In the transaction that stores this event (`before`), or as soon as it is on the disk (`after`). */
  readonly event: number;
  readonly when: "before" | "after";
}

interface HookPoint {
  readonly how: CrashKind;
  /** When the hook begins, or when it has done its work and has not returned yet. */
  readonly hook: HookName;
  readonly when: "before" | "after";
}

const WHENS = ["before", "after"] as const;
export const HOOKS: readonly HookName[] = ["persist", "complete", "end"];

/** The points at each event of a turn that has so many. */
export function atEvents(how: CrashKind, count: number, ...whens: readonly ("before" | "after")[]): EventPoint[] {
  const events = Array.from({ length: count }, (_, index) => index + 1);
  return events.flatMap((event) => (whens.length === 0 ? WHENS : whens).map((when) => ({ how, event, when })));
}

export function aroundHooks(how: CrashKind): HookPoint[] {
  return HOOKS.flatMap((hook) => WHENS.map((when) => ({ how, hook, when })));
}

export interface ProbeState extends ObjectState {
  readonly storage: ObjectStorage & {
    /** Resolves when all that was written is on the disk. */
    sync(): Promise<void>;
    readonly sql: ObjectStorage["sql"] & { readonly databaseSize: number };
  };
  abort(reason: string): void;
}

/** Printed by a Worker that is to be killed; it then does nothing more. */
export const KILL_MARK = "This process is to be killed now";

/** Ends an instance at the moment that a test has named. */
export class CrashPlan {
  readonly #state: ProbeState;
  point: CrashPoint | undefined;
  #doomed = false;

  constructor(state: ProbeState, point: CrashPoint | undefined) {
    this.#state = state;
    this.point = point;
  }

  /** The object's state, with a storage that knows which event it stores. */
  watched(): ObjectState {
    const { storage } = this.#state;
    return {
      blockConcurrencyWhile: (body) => this.#state.blockConcurrencyWhile(body),
      storage: {
        sql: storage.sql,
        getAlarm: () => storage.getAlarm(),
        setAlarm: (at) => storage.setAlarm(at),
        transactionSync: (body) => this.#transact(body),
      },
    };
  }

  #transact<T>(body: () => T): T {
    const { storage } = this.#state;
    const { point } = this;
    if (point === undefined || !("event" in point)) return storage.transactionSync(body);
    // What comes after the event must not be stored with it: the store tries again for as long as this instance lives.
    if (this.#doomed) throw new Error("The database is locked");
    const value = storage.transactionSync(() => {
      const value = body();
      if (point.when === "before" && this.#lastEventId() >= point.event) this.#die(point.how);
      return value;
    });
    if (point.when === "after" && this.#lastEventId() >= point.event) {
      this.#doomed = true;
      void this.#dieOnceStored(point.how);
    }
    return value;
  }

  /** To be called where a hook begins, and before it returns. */
  async atHook(hook: HookName, when: "before" | "after"): Promise<void> {
    const { point } = this;
    if (point === undefined || !("hook" in point) || point.hook !== hook || point.when !== when) return;
    await this.#dieOnceStored(point.how);
    await new Promise(() => undefined);
  }

  async #dieOnceStored(how: CrashKind): Promise<void> {
    await this.#state.storage.sync();
    this.#die(how);
  }

  #die(how: CrashKind): void {
    if (how === "abort") this.#state.abort("As planned");
    console.log(KILL_MARK);
    for (;;);
  }

  #lastEventId(): number {
    const { sql } = this.#state.storage;
    if (sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'turnwire_segments'").toArray().length === 0) return 0;
    return Math.max(
      0,
      ...sql
        .exec(SELECT_RUNS)
        .toArray()
        .map((row) => Number(row["last_id"])),
    );
  }
}
