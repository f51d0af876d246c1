import { checkObject } from "../internal/check-argument.ts";
import type { Clock } from "../internal/clock.ts";
import { type ActiveRun, cancelRun, createRun, type RunIdentity } from "./active-run.ts";
import { failure } from "./inference-error.ts";
import { clonePlain, freezePlain } from "./plain-data.ts";
import { createRunHandle, type RunHandle } from "./run-handle.ts";
import { checkRunOptions, type RunOptions } from "./run-options.ts";
import type { ResolvedSession } from "./session-options.ts";
import { drive, ignore, type Steps } from "./steps.ts";
import { answerTurn } from "./tool-loop.ts";
import { copyTurn, type Turn } from "./turn.ts";

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

export interface InferenceSession extends Session {
  /** Waits only where it must. */
  runEither(seed?: Turn, options?: RunOptions): Turn | Promise<Turn>;
}

export function openSession(setup: ResolvedSession, { clock, createId }: SessionHome): InferenceSession {
  const { sessionId, log } = setup;
  const history: Turn[] = [];
  let active: ActiveRun | undefined;

  const isRunning = (): boolean => active?.ended === false;

  function prepare(
    seed: Turn | undefined,
    options: RunOptions = {},
    isSync = false,
  ): { readonly run: ActiveRun; readonly steps: Steps<Turn> } {
    checkObject("options", options);
    checkRunOptions(options);
    if (isRunning()) throw failure("active", "session already has an active inference");
    const { timeoutMs = 0, tags, signal, onEvent } = options;
    const given = seed ?? history.at(-1);
    if (given === undefined) throw new TypeError("There is no turn to run: pass or append one");
    const turn = copyTurn(given, "seed");
    const inferenceId = createId();
    const identity: RunIdentity = { sessionId, inferenceId, turnId: (turn.id ??= createId()) };
    if (tags !== undefined) identity.tags = freezePlain(clonePlain(tags));
    if (timeoutMs > 0) identity.deadlineMs = clock.now() + timeoutMs;
    turn.metadata = { ...turn.metadata, session_id: sessionId, inference_id: inferenceId };
    const run = createRun(identity, clock, log, isSync);
    if (onEvent !== undefined) run.listeners = [["*", onEvent]];
    active = run;
    const place = seed === undefined ? history.length - 1 : undefined;
    const keep = (answer: Turn): void => void (history[place ?? history.length] = answer);
    return { run, steps: answerTurn(run, turn, setup, signal, keep) };
  }

  function runEither(seed?: Turn, options?: RunOptions): Turn | Promise<Turn> {
    const { run, steps } = prepare(seed, options);
    return drive(run, steps);
  }

  return {
    sessionId,
    append: (turn) => void history.push(copyTurn(turn, "turn")),
    turns: () => clonePlain(history),
    turnCount: () => history.length,
    getTurn: (key) => clonePlain(typeof key === "number" ? history[key] : history.find(({ id }) => id === key)),
    turnsRange: (start, end) => clonePlain(history.slice(start, end)),
    latest: () => clonePlain(history.at(-1)),
    isRunning,
    cancelActive: (reason) => active !== undefined && cancelRun(active, reason),
    run(seed, options) {
      const { run, steps } = prepare(seed, options, true);
      // A synchronous run never drives to a promise.
      return drive(run, steps) as Turn;
    },
    runAsync(seed, options) {
      // Not an async function: a promise around a promise costs a small run in a VM more than its checks.
      try {
        return Promise.resolve(runEither(seed, options));
      } catch (error) {
        return Promise.reject(error);
      }
    },
    runEither,
    start(seed, options) {
      const { run, steps } = prepare(seed, options);
      const promise = Promise.resolve().then(() => drive(run, steps));
      // Whoever only listens is told of a failure by an event.
      ignore(promise);
      return createRunHandle(promise, run);
    },
  };
}
