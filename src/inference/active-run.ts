import type { Clock } from "../internal/clock.ts";
import { failure, InferenceError, toError } from "./inference-error.ts";
import type { EventPayload, InferenceEvent } from "./inference-event.ts";
import { type Listener, tellListeners } from "./listeners.ts";
import type { Log } from "./log.ts";
import type { RunContext, RunTags } from "./run-context.ts";
import { onStop, tellWatchers } from "./run-watchers.ts";

/*
 * One run: who it is, whether it may go on, and what it says. Plain data and functions of it, which
 * inside a VM are fewer bytes to parse than a class, and quicker.
 *
 * Invariants
 *  1. It is stopped at most once, by the first reason: a cancel, its time, a refusal to wait, its own end.
 *  2. A stopped run says nothing more but its last event, and no callback of it is begun.
 *  3. Whoever waits for something when it is stopped is told at once, before `stopRun` returns.
 */

const { assign } = Object;

// One for all: making an error for each run that ends well would be most of what a small run costs.
const ENDED = failure("ended", "The run has ended");

export interface RunIdentity {
  readonly sessionId: string;
  readonly inferenceId: string;
  readonly turnId: string;
  tags?: RunTags;
  deadlineMs?: number;
}

export interface ActiveRun {
  readonly clock: Clock;
  readonly log: Log;
  /** Whether it may not wait. */
  readonly isSync: boolean;
  /** What every callback is told. */
  readonly told: RunIdentity & { readonly signal: AbortSignal };
  readonly controller: AbortController;
  readonly watchers: Set<(error: Error) => void>;
  listeners: readonly Listener[];
  /** What the model has said since it was asked last. */
  completion: string;
  thinking: string;
  /** Why it may not go on. */
  stopped: Error | undefined;
  /** Neither stopped nor with a deadline, so that `checkRun` has nothing to look at. */
  calm: boolean;
  ended: boolean;
}

export function createRun(identity: RunIdentity, clock: Clock, log: Log, isSync: boolean): ActiveRun {
  const controller = new AbortController();
  return {
    clock,
    log,
    isSync,
    told: { ...identity, signal: controller.signal },
    controller,
    watchers: new Set(),
    listeners: [],
    completion: "",
    thinking: "",
    stopped: undefined,
    calm: identity.deadlineMs === undefined,
    ended: false,
  };
}

/** Says the first event, also when it was cancelled before, and watches what may end it. */
export function beginRun(run: ActiveRun, signal: AbortSignal | undefined): void {
  send(run, "start", {});
  if (signal !== undefined) {
    const abort = (): void => void cancelRun(run, undefined, signal.reason);
    signal.addEventListener("abort", abort);
    onStop(run, () => signal.removeEventListener("abort", abort));
    if (signal.aborted) abort();
  }
  const { deadlineMs } = run.told;
  // A synchronous run has no timer: it looks at the time in `checkRun`.
  if (deadlineMs !== undefined && !run.isSync) {
    onStop(
      run,
      run.clock.after(deadlineMs - run.clock.now(), () => timeOut(run)),
    );
  }
  checkRun(run);
}

function timeOut(run: ActiveRun): void {
  stopRun(run, failure("timeout", "The run took longer than its timeoutMs"));
}

/** Refuses to go on when it was stopped, or its time is over. */
export function checkRun(run: ActiveRun): void {
  if (run.calm) return;
  const { deadlineMs } = run.told;
  if (deadlineMs !== undefined && run.clock.now() >= deadlineMs) timeOut(run);
  if (run.stopped !== undefined) throw run.stopped;
}

export function stopRun(run: ActiveRun, error: Error): void {
  if (run.stopped !== undefined) return;
  run.stopped = error;
  tellOfStop(run, error, true);
}

function tellOfStop(run: ActiveRun, reason: Error, aborts: boolean): void {
  run.calm = false;
  try {
    if (aborts) run.controller.abort(reason);
  } catch (error) {
    // On workerd what a listener throws comes out here, and nobody behind it would hear of the stop.
    run.log("A listener to a signal failed", { error });
  }
  tellWatchers(run, reason);
}

/** Whether that ended it. */
export function cancelRun(run: ActiveRun, reason?: string, cause?: unknown): boolean {
  if (run.stopped !== undefined) return false;
  const message = `The run was cancelled${reason === undefined ? "" : `: ${reason}`}`;
  stopRun(run, failure("cancelled", message, cause));
  return true;
}

/** What a callback is told of the run, and of itself: `more`, which becomes it. */
export function contextOf<T extends object>(run: ActiveRun, more: T & { timestampMs?: number }): T & RunContext {
  more.timestampMs = run.clock.now();
  return assign(more as T & { timestampMs: number }, run.told);
}

/** Whether anybody hears what it says: only then need it be made. */
export function isHeard(run: ActiveRun): boolean {
  return run.listeners.length > 0;
}

export function say<T extends InferenceEvent["type"]>(run: ActiveRun, type: T, payload: EventPayload<T>): void {
  if (run.stopped === undefined) send(run, type, payload);
}

/** Says the last event. Nothing is said after it. */
export function endRun<T extends "final" | "interrupt" | "error">(
  run: ActiveRun,
  type: T,
  payload: EventPayload<T>,
): void {
  run.ended = true;
  // What a failed run still has in hand should stop.
  tellOfStop(run, (run.stopped ??= ENDED), type !== "final");
  send(run, type, payload);
}

/** Ends it by what was thrown, or by what it was stopped by; answers with what it fails with. */
export function failRun(run: ActiveRun, thrown: unknown): Error {
  // What was thrown on the way out of a run that was stopped says less than why it was stopped.
  const error = run.stopped ?? toError(thrown);
  const isCancelled = error instanceof InferenceError && error.code === "cancelled";
  if (isCancelled) endRun(run, "interrupt", { text: run.completion });
  else endRun(run, "error", { error: error.message });
  return error;
}

function send<T extends InferenceEvent["type"]>(run: ActiveRun, type: T, payload: EventPayload<T>): void {
  if (!isHeard(run)) return;
  const { signal: _, ...identity } = run.told;
  const event = { type, timestampMs: run.clock.now(), ...identity, ...payload };
  tellListeners(run.listeners, event as unknown as InferenceEvent, run.log);
}
