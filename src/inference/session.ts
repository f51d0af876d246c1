import type { Clock } from "../internal/clock.ts";
import { ActiveRun, type RunIdentity } from "./active-run.ts";
import { EventHub } from "./event-hub.ts";
import { InferenceError, toError } from "./inference-error.ts";
import { clonePlain, freezePlain } from "./plain-data.ts";
import { createRunHandle, type RunHandle } from "./run-handle.ts";
import { checkRunOptions, type RunOptions } from "./run-options.ts";
import type { ResolvedSession } from "./session-options.ts";
import { drive, ignore, type Steps } from "./steps.ts";
import { answerTurn } from "./tool-loop.ts";
import { answerText, checkTurn, type Turn } from "./turn.ts";
import { TurnMetadataKeys } from "./consts.ts";

/*
 * A history of turns, and at most one run on it at a time.
 *
 * Invariants
 *  1. History changes by `append`, and by a run that has completed: with a seed it adds its result, without one its result
 *     takes the place of the turn that it began with. A run that was refused, failed or cancelled changes nothing.
 *  2. What goes in or comes out is copied.
 *  3. The last event of a run is said after history and `isRunning` have changed, and before its promise settles.
 */

export interface Session {
  readonly sessionId: string;
  /** Adds a turn to the history. */
  append(turn: Turn): void;
  turns(): Turn[];
  turnCount(): number;
  /** By its place from 0, or its id. */
  getTurn(indexOrId: number | string): Turn | undefined;
  /** From one place up to, and without, another; as `Array.prototype.slice` counts. */
  turnsRange(start?: number, end?: number): Turn[];
  latest(): Turn | undefined;
  isRunning(): boolean;
  /** Cancels the run that is active; false when there is none. */
  cancelActive(reason?: string): boolean;
  /** Answers a turn, the latest when none is given, without waiting. Refuses at once when anything is asynchronous. */
  run(seed?: Turn, options?: RunOptions): Turn;
  runAsync(seed?: Turn, options?: RunOptions): Promise<Turn>;
  /** Begins in the next microtask, so that listeners can be added before. */
  start(seed?: Turn, options?: RunOptions): RunHandle;
}

export interface SessionHome {
  readonly clock: Clock;
  readonly createId: () => string;
}

interface Prepared {
  readonly run: ActiveRun;
  readonly hub: EventHub;
  readonly steps: Steps<Turn>;
}

export class InferenceSession implements Session {
  readonly sessionId: string;
  readonly #setup: ResolvedSession;
  readonly #home: SessionHome;
  readonly #history: Turn[] = [];
  #active: ActiveRun | undefined = undefined;

  constructor(setup: ResolvedSession, home: SessionHome) {
    this.sessionId = setup.sessionId;
    this.#setup = setup;
    this.#home = home;
  }

  append(turn: Turn): void {
    this.#history.push(clonePlain(checkTurn(turn, "turn")));
  }

  turns(): Turn[] {
    return clonePlain(this.#history);
  }

  turnCount(): number {
    return this.#history.length;
  }

  getTurn(key: number | string): Turn | undefined {
    return clonePlain(typeof key === "number" ? this.#history[key] : this.#history.find(({ id }) => id === key));
  }

  turnsRange(start?: number, end?: number): Turn[] {
    return clonePlain(this.#history.slice(start, end));
  }

  latest(): Turn | undefined {
    return clonePlain(this.#history.at(-1));
  }

  isRunning(): boolean {
    return this.#active !== undefined;
  }

  cancelActive(reason?: string): boolean {
    return this.#active !== undefined && cancel(this.#active, reason);
  }

  run(seed?: Turn, options: RunOptions = {}): Turn {
    const { run, steps } = this.#prepare(seed, options, true);
    // A synchronous run never drives to a promise.
    return drive(run, steps) as Turn;
  }

  async runAsync(seed?: Turn, options: RunOptions = {}): Promise<Turn> {
    return this.runEither(seed, options);
  }

  /** Waits only where it must. */
  runEither(seed?: Turn, options: RunOptions = {}): Turn | Promise<Turn> {
    const { run, steps } = this.#prepare(seed, options, false);
    return drive(run, steps);
  }

  start(seed?: Turn, options: RunOptions = {}): RunHandle {
    const { run, hub, steps } = this.#prepare(seed, options, false);
    const promise = Promise.resolve().then(() => drive(run, steps));
    // Whoever only listens is told of a failure by an event.
    ignore(promise);
    return createRunHandle(promise, hub, (reason) => this.#active === run && cancel(run, reason));
  }

  #prepare(seed: Turn | undefined, options: RunOptions, isSync: boolean): Prepared {
    checkRunOptions(options);
    if (this.#active !== undefined) throw new InferenceError("active", "session already has an active inference");
    const place = seed === undefined ? this.#history.length - 1 : undefined;
    const given = seed ?? this.#history.at(-1);
    if (given === undefined) throw new TypeError("There is no turn to run: pass one, or append one before");
    const turn = clonePlain(checkTurn(given, "seed"));
    const { clock, createId } = this.#home;
    const hub = new EventHub(this.#setup.log);
    const run = new ActiveRun(this.#identify(turn, options, createId()), hub, clock, this.#setup.log, isSync);
    if (options.onEvent !== undefined) hub.on("*", options.onEvent);
    this.#active = run;
    return { run, hub, steps: this.#infer(run, turn, place, options.signal) };
  }

  #identify(turn: Turn, { timeoutMs = 0, tags }: RunOptions, inferenceId: string): RunIdentity {
    const { sessionId } = this;
    turn.id ??= this.#home.createId();
    turn.metadata = {
      ...turn.metadata,
      [TurnMetadataKeys.SESSION_ID]: sessionId,
      [TurnMetadataKeys.INFERENCE_ID]: inferenceId,
    };
    const traceId = turn.metadata[TurnMetadataKeys.TRACE_ID];
    return {
      sessionId,
      inferenceId,
      turnId: turn.id,
      ...(typeof traceId === "string" ? { traceId } : {}),
      ...(tags === undefined ? {} : { tags: freezePlain(clonePlain(tags)) }),
      ...(timeoutMs === 0 ? {} : { deadlineMs: this.#home.clock.now() + timeoutMs }),
    };
  }

  *#infer(run: ActiveRun, turn: Turn, place: number | undefined, signal: AbortSignal | undefined): Steps<Turn> {
    const onAbort = (): void => void cancel(run, undefined, signal?.reason);
    try {
      if (signal?.aborted === true) onAbort();
      else signal?.addEventListener("abort", onAbort);
      run.begin();
      run.check();
      const answer = yield* answerTurn(run, turn, this.#setup);
      run.check();
      const kept = clonePlain(answer);
      this.#active = undefined;
      this.#history[place ?? this.#history.length] = kept;
      run.end("final", { text: answerText(kept) });
      return clonePlain(kept);
    } catch (thrown) {
      // What was thrown on the way out of a run that was stopped says less than why it was stopped.
      const error = run.stopped ?? toError(thrown);
      this.#active = undefined;
      if (error instanceof InferenceError && error.code === "cancelled") {
        run.end("interrupt", { text: run.completion });
      } else run.end("error", { error: error.message });
      throw error;
    } finally {
      signal?.removeEventListener("abort", onAbort);
    }
  }
}

function cancel(run: ActiveRun, reason?: string, cause?: unknown): boolean {
  if (run.stopped !== undefined) return false;
  const why = reason === undefined ? "" : `: ${reason}`;
  run.stop(new InferenceError("cancelled", `The run was cancelled${why}`, cause === undefined ? undefined : { cause }));
  return true;
}
