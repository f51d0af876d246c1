import type { Clock } from "../internal/clock.ts";
import { InferenceError } from "./inference-error.ts";
import type { EventHub } from "./event-hub.ts";
import type { EventPayload, InferenceEvent } from "./inference-event.ts";
import { LazySignal } from "./lazy-signal.ts";
import type { Log } from "./log.ts";
import type { RunContext, RunTags } from "./run-context.ts";

/*
 * One run: who it is, whether it may go on, and what it says.
 *
 * Invariants
 *  1. It is stopped at most once, by the first reason: a cancel, its time, a refusal to wait, its own end.
 *  2. A stopped run says nothing more but its last event, and no callback of it is begun.
 *  3. Whoever waits for something when it is stopped is told at once, before `stop` returns.
 */

// One for all: making an error for each run that ends well would be most of what a small run costs.
const ENDED = new InferenceError("ended", "The run has ended");

export interface RunIdentity {
  readonly sessionId: string;
  readonly inferenceId: string;
  readonly turnId: string;
  readonly traceId?: string;
  readonly tags?: RunTags;
  readonly deadlineMs?: number;
}

export class ActiveRun {
  readonly identity: RunIdentity;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether it may not wait. */
  readonly isSync: boolean;
  /** What the model has said since it was asked last. */
  completion = "";
  thinking = "";
  readonly #hub: EventHub;
  readonly #signal = new LazySignal();
  readonly #watchers = new Set<(error: Error) => void>();
  #stopped: Error | undefined = undefined;
  #ended = false;
  #stopTimer: (() => void) | undefined = undefined;

  constructor(identity: RunIdentity, hub: EventHub, clock: Clock, log: Log, isSync: boolean) {
    this.identity = identity;
    this.#hub = hub;
    this.clock = clock;
    this.log = log;
    this.isSync = isSync;
  }

  /** Why it may not go on. */
  get stopped(): Error | undefined {
    return this.#stopped;
  }

  get signal(): AbortSignal {
    return this.#signal.signal;
  }

  /** A synchronous run has no timer: it looks at the time in `check`. */
  #watchTime(): void {
    const { deadlineMs } = this.identity;
    if (deadlineMs === undefined || this.isSync || this.#stopped !== undefined) return;
    const left = Math.max(0, deadlineMs - this.clock.now());
    this.#stopTimer = this.clock.after(left, () => this.stop(timedOut()));
  }

  /** Refuses to go on when it was stopped, or its time is over. */
  check(): void {
    const { deadlineMs } = this.identity;
    if (this.#stopped === undefined && deadlineMs !== undefined && this.clock.now() >= deadlineMs) {
      this.stop(timedOut());
    }
    if (this.#stopped !== undefined) throw this.#stopped;
  }

  stop(error: Error): void {
    if (this.#stopped !== undefined) return;
    this.#stopped = error;
    this.#signal.abort(error);
    this.#tellWatchers(error);
  }

  /** Calls once when it is stopped, at once if it is; returns what takes that back. */
  onStop(watcher: (error: Error) => void): () => void {
    if (this.#stopped !== undefined) {
      watcher(this.#stopped);
      return () => undefined;
    }
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /** What a callback is told of the run, and of itself. */
  context<T extends object>(more: T): T & RunContext {
    const { sessionId, inferenceId, turnId, tags, deadlineMs } = this.identity;
    return {
      timestampMs: this.clock.now(),
      sessionId,
      inferenceId,
      turnId,
      ...(deadlineMs === undefined ? {} : { deadlineMs }),
      ...(tags === undefined ? {} : { tags }),
      signal: this.#signal.signal,
      ...more,
    };
  }

  /** Says the first event, also when it was cancelled before. */
  begin(): void {
    this.#send("start", {});
    this.#watchTime();
  }

  emit<T extends InferenceEvent["type"]>(type: T, payload: EventPayload<T>): void {
    if (this.#stopped === undefined) this.#send(type, payload);
  }

  /** Says the last event. Nothing is said after it. */
  end<T extends "final" | "interrupt" | "error">(type: T, payload: EventPayload<T>): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#stopTimer?.();
    const wasStopped = this.#stopped !== undefined;
    this.#stopped ??= ENDED;
    // What a failed run still has in hand should stop.
    if (type !== "final") this.#signal.abort(this.#stopped);
    if (!wasStopped) this.#tellWatchers(this.#stopped);
    this.#send(type, payload);
  }

  #tellWatchers(error: Error): void {
    const watchers = [...this.#watchers];
    this.#watchers.clear();
    for (const watcher of watchers) watcher(error);
  }

  #send<T extends InferenceEvent["type"]>(type: T, payload: EventPayload<T>): void {
    if (this.#hub.isEmpty) return;
    const { sessionId, inferenceId, turnId, tags, deadlineMs } = this.identity;
    const event = {
      type,
      timestampMs: this.clock.now(),
      sessionId,
      inferenceId,
      turnId,
      ...(deadlineMs === undefined ? {} : { deadlineMs }),
      ...(tags === undefined ? {} : { tags }),
      ...payload,
    };
    this.#hub.send(event as unknown as InferenceEvent);
  }
}

function timedOut(): InferenceError {
  return new InferenceError("timeout", "The run took longer than its timeoutMs");
}
