import type { TurnFailure } from "../event/outcome.ts";
import type { TurnEvent } from "../event/turn-event.ts";
import type { ExecutionState } from "../substrate/execution.ts";
import { stringifyEvent } from "../wire/event-json.ts";
import { checkTransition } from "./run-state.ts";
import type { RunProgress, RunRecord, RunTransaction } from "./run-store.ts";

/** Events that a transaction has stored, with their ids; `size` is about what they take in memory. */
export interface SaidEvents {
  readonly events: readonly TurnEvent[];
  readonly size: number;
}

/**
 * One change of one run, inside a transaction: what is said and what moves are written together, or not at all.
 *
 * Invariants: ids go up by one from the run's last; a state changes only along the table of `run-state.ts`.
 */
export class RunDraft {
  readonly tx: RunTransaction;
  readonly #stored: RunRecord;
  #run: RunRecord;
  #changes: Partial<RunProgress> = {};
  readonly #events: TurnEvent[] = [];
  readonly #json: string[] = [];
  #size = 0;

  constructor(tx: RunTransaction, run: RunRecord) {
    this.tx = tx;
    this.#stored = run;
    this.#run = run;
  }

  /** The run with what this draft has changed so far. */
  get run(): RunRecord {
    return this.#run;
  }

  set(changes: Partial<RunProgress>): void {
    this.#changes = { ...this.#changes, ...changes };
    this.#run = { ...this.#run, ...changes };
  }

  /** Adds a stored event, whose JSON may be at hand; returns its id. */
  say(event: TurnEvent, json: string = stringifyEvent(event)): number {
    this.#json.push(json);
    const id = this.#stored.lastEventId + this.#json.length;
    this.#events.push({ ...event, id: String(id) });
    this.#size += json.length;
    return id;
  }

  /** Goes to another state and says so; returns the event's id. */
  moveTo(state: ExecutionState, error?: TurnFailure): number {
    const previousState = this.#run.state;
    this.moveSilentlyTo(state);
    const data = { previousState, state, ...(error === undefined ? {} : { error }) };
    return this.say({ type: "run.state.changed", data });
  }

  /** Goes to another state that a further event of the same draft announces. */
  moveSilentlyTo(state: ExecutionState): void {
    checkTransition(this.#run.executionId, this.#run.state, state);
    this.set({ state });
  }

  /** Writes the draft into its transaction. */
  write(): SaidEvents {
    if (this.#json.length > 0) {
      this.tx.appendEvents(this.#stored, this.#stored.lastEventId + 1, this.#json);
      this.#changes = { ...this.#changes, lastEventId: this.#stored.lastEventId + this.#json.length };
    }
    if (Object.keys(this.#changes).length > 0) this.tx.updateRun(this.#stored, this.#changes);
    return { events: this.#events, size: this.#size };
  }
}
