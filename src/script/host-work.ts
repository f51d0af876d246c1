import { abortError } from "./abort-error.ts";
import type { ContextHost } from "./context-host.ts";
import { encodeWithin } from "./crossing.ts";
import type { HostFunction, RunningHostCall } from "./host-function.ts";
import type { PendingCall } from "./pending-call.ts";
import { plainHostError } from "./script-failure.ts";
import * as op from "./vm/prelude/operations.ts";

/** Enters the context in a job of its owner, on behalf of the call that it belongs to. */
export type EnterContext = (
  trigger: PendingCall | undefined,
  operation: string,
  kind: number,
  number: number,
  text?: string,
) => void;

// A script whose call was given up is told so, and may clean up. One that asks again and again whatever it is told, in a
// loop with a catch, would never end: from then on its host calls are forgotten, like its timers.
const MOST_REFUSALS = 100;

interface HeldHostCall {
  readonly running: RunningHostCall;
  readonly trigger: PendingCall | undefined;
}

interface HeldTimer {
  readonly cancel: () => void;
  readonly trigger: PendingCall | undefined;
}

/*
 * What a context waits for outside of its VM: calls of host functions, and timers. Each has the number by which the script's
 * side knows it, and belongs to the call in whose slice it was begun.
 */
export class HostWork {
  readonly #host: ContextHost;
  readonly #enter: EnterContext;
  readonly #calls = new Map<number, HeldHostCall>();
  readonly #timers = new Map<number, HeldTimer>();

  constructor(host: ContextHost, enter: EnterContext) {
    this.#host = host;
    this.#enter = enter;
  }

  /** Calls a host function. Called when a reply is read, with no script on the stack (V4). */
  call(
    id: number,
    fn: HostFunction | undefined,
    args: readonly unknown[],
    running: RunningHostCall,
    trigger: PendingCall | undefined,
  ): void {
    if (trigger?.abandoned !== undefined) {
      trigger.refusals += 1;
      const told = trigger.refusals <= MOST_REFUSALS ? plainHostError(abortError(trigger.abandoned)) : undefined;
      this.#enter(trigger, "refuse host call", op.FAIL_HOST_CALL, id, told);
      return;
    }
    this.#calls.set(id, { running, trigger });
    const fail = (error: unknown): void => this.#endCall(id, running, op.FAIL_HOST_CALL, plainHostError(error));
    if (fn === undefined) {
      fail(new Error("The call that this function was given to has ended"));
      return;
    }
    // Called in a promise: a function that throws fails like one that rejects.
    new Promise((resolve) => resolve(fn(args, running))).then((value) => {
      let text: string;
      try {
        text = encodeWithin("The answer of the host function is", value, this.#host.messageBytes);
      } catch (error) {
        fail(error);
        return;
      }
      this.#endCall(id, running, op.SETTLE_HOST_CALL, text);
    }, fail);
  }

  /** A signal that the script gave to a host call has fired. */
  abortGiven(id: number, place: number, error: unknown): void {
    this.#calls.get(id)?.running.abortGiven(place, error);
  }

  setTimer(id: number, ms: number, trigger: PendingCall | undefined): void {
    if (trigger?.abandoned !== undefined) {
      this.#enter(trigger, "forget timer", op.FORGET_TIMER, id);
      return;
    }
    const cancel = this.#host.clock.after(Math.max(0, ms), () => {
      this.#timers.delete(id);
      this.#enter(trigger, "timer", op.FIRE_TIMER, id);
    });
    this.#timers.set(id, { cancel, trigger });
  }

  clearTimer(id: number): void {
    this.#timers.get(id)?.cancel();
    this.#timers.delete(id);
  }

  /** A call was given up: its host calls are aborted and fail in the script at once, its timers are forgotten. */
  abandon(call: PendingCall, reason: Error): void {
    const error = abortError(reason);
    for (const [id, { running, trigger }] of this.#calls) {
      if (trigger !== call) continue;
      running.abort(error);
      this.#endCall(id, running, op.FAIL_HOST_CALL, plainHostError(error));
    }
    for (const [id, { cancel, trigger }] of this.#timers) {
      if (trigger !== call) continue;
      cancel();
      this.#timers.delete(id);
      this.#enter(call, "forget timer", op.FORGET_TIMER, id);
    }
  }

  /** The context is dead: nobody waits for any of it. */
  end(error: Error): void {
    for (const { running } of this.#calls.values()) running.abort(error);
    this.#calls.clear();
    for (const { cancel } of this.#timers.values()) cancel();
    this.#timers.clear();
  }

  #endCall(id: number, running: RunningHostCall, operation: number, text: string): void {
    const held = this.#calls.get(id);
    // Ended already, by an abort or with its context.
    if (held?.running !== running) return;
    this.#calls.delete(id);
    this.#enter(held.trigger, "settle host call", operation, id, text);
  }
}
