import { isTurnError, TurnError } from "../errors.ts";
import { decodeFromVm, encodeWithin, findHostSlots, parseSlots } from "./crossing.ts";
import type { ContextHost } from "./context-host.ts";
import type { HostFunction } from "./host-function.ts";
import { RunningHostCall } from "./host-function.ts";
import { LentValues } from "./lent-values.ts";
import type { PendingCall, ScriptCallOptions } from "./pending-call.ts";
import { plainHostError, scriptError, scriptFailure } from "./script-failure.ts";
import { ScriptFunction } from "./script-function.ts";
import * as op from "./vm/prelude/operations.ts";
import type { ScriptSource, Vm, VmAnswer, VmReply, VmStop } from "./vm/vm.ts";

/*
 * One context of a script in a VM, from the host's side: what is pending between the two, and what each message means.
 *
 * Job: to enter the VM through its owner, to answer calls, start host calls and timers, and carry their ends back in. Not
 * its job: to decide when a context is made or made again (script.ts), or to touch a VM outside of a job (vm-home.ts).
 *
 * Invariants
 *  1. Every entry is a job of the owner, and only jobs enter (V1).
 *  2. Host functions are called when a reply is read, with no script on the stack (V4).
 *  3. A host call or timer belongs to the call in whose slice it was made. When that call is abandoned, its host calls
 *     are aborted and fail in the script at once, and its timers are forgotten; what it asks for later is refused.
 *  4. A dead context is never entered; every call that it had settles with an error, every host call is aborted.
 */

/** What becomes of a call whose context was lost before it was begun. */
export type Again = () => void;

interface HeldHostCall {
  readonly running: RunningHostCall;
  readonly trigger: PendingCall | undefined;
}

interface HeldTimer {
  readonly cancel: () => void;
  readonly trigger: PendingCall | undefined;
}

const CLOSED_REASON = "The script's context was closed";

export class ScriptContext {
  readonly #host: ContextHost;
  readonly #calls = new Map<number, PendingCall>();
  readonly #hostCalls = new Map<number, HeldHostCall>();
  readonly #timers = new Map<number, HeldTimer>();
  readonly #lent = new LentValues();
  readonly #functions = new Map<string, number>();
  #exports: readonly string[] = [];
  #load: PendingCall | undefined = undefined;
  #vm: Vm | undefined = undefined;
  #dead: TurnError | undefined = undefined;

  constructor(host: ContextHost) {
    this.#host = host;
  }

  get isDead(): boolean {
    return this.#dead !== undefined;
  }

  /** Names of everything that the script exports. */
  get exports(): readonly string[] {
    return this.#exports;
  }

  hasFunction(name: string): boolean {
    return this.#functions.has(name);
  }

  /** Evaluates the script; `load` settles when it has. */
  open(source: ScriptSource, load: PendingCall, again: Again): void {
    this.#load = load;
    const open = (vm: Vm, isWanted: () => boolean): VmAnswer => {
      this.#vm = vm;
      return vm.open(this.#host.number, source, isWanted);
    };
    this.#begin(load, open, again);
  }

  callExport(name: string, args: readonly unknown[], call: PendingCall, again: Again): void {
    const ref = this.#functions.get(name);
    if (ref === undefined) {
      const known = [...this.#functions.keys()].join(", ") || "none";
      call.fail(
        new TurnError("script-error", `The script exports no function ${JSON.stringify(name)}; it has: ${known}`),
      );
    } else this.callRef(ref, args, call, again);
  }

  callRef(ref: number, args: readonly unknown[], call: PendingCall, again?: Again): void {
    let operation: number = op.CALL;
    let text: string;
    try {
      const lend = (value: (...given: never[]) => unknown): number => this.#lent.lend(value as HostFunction, call);
      const slots = findHostSlots(args, lend, (signal) => this.#lendSignal(signal, call));
      if (slots.length > 0) operation = op.CALL_WITH_SLOTS;
      text = encodeWithin("The arguments are", slots.length > 0 ? { args, slots } : args, this.#host.messageBytes);
    } catch (error) {
      this.#takeBack(call);
      call.fail(error);
      return;
    }
    this.#begin(call, (vm, wanted) => vm.enter(this.#host.number, operation, call.id, ref, text, wanted), again);
  }

  /** The value of an export, with functions anywhere in it as references. */
  readExport(name: string, call: PendingCall, again: Again): void {
    const { number } = this.#host;
    this.#begin(call, (vm, wanted) => vm.enter(number, op.READ_EXPORT, call.id, 0, name, wanted), again);
  }

  /** Closes it: what is pending fails with `error`. Resolves when the VM has let go of it. */
  close(error: TurnError): Promise<void> {
    if (this.#dead !== undefined) return Promise.resolve();
    this.#die(error, undefined, error);
    return new Promise((resolve) => {
      const done = (): void => resolve();
      const job = (vm: Vm): void => {
        vm.close(this.#host.number);
        done();
      };
      this.#host.run("close script", job, done);
    });
  }

  /** Its VM is gone. */
  lose(stop: VmStop): void {
    const error = new TurnError("vm-lost", `The VM was lost: ${stop.message}`);
    this.#die(error, undefined, error);
  }

  #begin(call: PendingCall, enter: (vm: Vm, isWanted: () => boolean) => VmAnswer, again: Again | undefined): void {
    const isWanted = (): boolean => !call.settled && this.#dead === undefined;
    const job = (vm: Vm): void => {
      // Canceled while it waited: it never runs (V3).
      if (call.settled) return;
      if (this.#dead !== undefined) {
        this.#notBegun(call, this.#dead, again);
        return;
      }
      call.begun = true;
      const answer = enter(vm, isWanted);
      if (answer instanceof Promise) void answer.then((reply) => this.#readFirst(reply, call, again));
      else this.#readFirst(answer, call, again);
    };
    this.#host.run(call.op, job, (error) => this.#notBegun(call, error, again), call.labels);
    // Whoever waits now waits for others.
    queueMicrotask(() => call.watchTime());
  }

  /** The reply to a call's own entry. */
  #readFirst(reply: VmReply, call: PendingCall, again: Again | undefined): void {
    if (reply.unbegun === true) {
      call.begun = false;
      if (call.settled) return;
      this.#gone();
      this.#notBegun(call, this.#dead, again);
    } else if (this.#dead !== undefined) call.fail(this.#dead);
    else {
      if (!call.settled) this.#calls.set(call.id, call);
      this.#read(reply, call);
    }
  }

  #notBegun(call: PendingCall, error: unknown, again: Again | undefined): void {
    if (call.settled) return;
    if (again !== undefined && !call.begun && isTurnError(error, "vm-lost")) again();
    else call.fail(error);
  }

  #enter(trigger: PendingCall | undefined, operation: string, kind: number, number: number, text?: string): void {
    const isAlive = (): boolean => this.#dead === undefined;
    const job = (vm: Vm): void => {
      if (this.#dead === undefined) this.#take(vm.enter(this.#host.number, kind, number, 0, text, isAlive), trigger);
    };
    this.#host.run(operation, job, ignoreRefusal, trigger?.labels);
  }

  #take(answer: VmAnswer, trigger: PendingCall | undefined): void {
    if (answer instanceof Promise) void answer.then((reply) => this.#read(reply, trigger));
    else this.#read(answer, trigger);
  }

  /** All that a VM wanted in one slice, in order. */
  #read(reply: VmReply, trigger: PendingCall | undefined): void {
    if (reply.unbegun === true) this.#gone();
    if (this.#dead !== undefined) return;
    if (reply.stopped !== undefined) {
      this.#stop(reply.stopped, trigger);
      return;
    }
    for (const message of reply.messages) {
      try {
        this.#obey(message, trigger);
      } catch (error) {
        // Not what the prelude writes: this VM is not to be trusted any more.
        const stop: VmStop = { code: "vm-lost", message: `A message made no sense: ${String(error)}`, wholeVm: true };
        this.#stop(stop, trigger);
        return;
      }
    }
  }

  /** The VM does not know this context: whatever it was, it is no more. */
  #gone(): void {
    if (this.#dead === undefined) this.#stop({ code: "vm-lost", message: "The VM was lost", wholeVm: true }, undefined);
  }

  #stop(stop: VmStop, trigger: PendingCall | undefined): void {
    const error = new TurnError(stop.code, stop.message);
    const others = new TurnError("vm-lost", `Another call of the script ended its context: ${stop.message}`);
    this.#die(error, trigger?.settled === false ? trigger : undefined, others);
    if (stop.wholeVm && this.#vm !== undefined) this.#host.lostVm(stop, this.#vm);
  }

  #die(error: TurnError, trigger: PendingCall | undefined, others: TurnError): void {
    if (this.#dead !== undefined) return;
    this.#dead = others;
    this.#host.contextClosed();
    for (const call of this.#calls.values()) {
      call.fail(trigger === undefined || call === trigger ? error : others);
    }
    this.#calls.clear();
    for (const { running } of this.#hostCalls.values()) running.abort(error);
    this.#hostCalls.clear();
    for (const { cancel } of this.#timers.values()) cancel();
    this.#timers.clear();
    this.#lent.clear();
  }

  #obey(message: string, trigger: PendingCall | undefined): void {
    const space = message.indexOf(" ");
    const line = message.indexOf("\n", space);
    if (space < 0 || line < 0) throw new SyntaxError("no head");
    const number = Number(message.slice(1, space));
    const details = message.slice(space + 1, line);
    const text = message.slice(line + 1);
    switch (message[0]) {
      case op.MESSAGE_RESULT:
        this.#calls.get(number)?.resolve(this.#decode(text, details, undefined));
        break;
      case op.MESSAGE_ERROR:
        this.#calls.get(number)?.fail(scriptFailure(text));
        break;
      case op.MESSAGE_TOO_LONG:
        this.#calls.get(number)?.fail(this.#tooLong());
        break;
      case op.MESSAGE_HOST_CALL:
      case op.MESSAGE_REF_CALL: {
        const [name, slots] = splitOnce(details);
        const running = new RunningHostCall();
        const args = this.#decode(text, slots, running) as readonly unknown[];
        const target = message[0] === op.MESSAGE_HOST_CALL ? name : Number(name);
        this.#callHost(target, number, args, running, trigger);
        break;
      }
      case op.MESSAGE_ABORT:
        this.#hostCalls.get(number)?.running.abortGiven(Number(details), scriptError(text));
        break;
      case op.MESSAGE_TIMER:
        this.#setTimer(number, Number(details), trigger);
        break;
      case op.MESSAGE_CLEAR_TIMER:
        this.#timers.get(number)?.cancel();
        this.#timers.delete(number);
        break;
      case op.MESSAGE_CONSOLE:
        this.#host.console(details, text);
        break;
      case op.MESSAGE_LOADED:
        this.#loaded(JSON.parse(text) as readonly (readonly [string, number])[]);
        break;
      case op.MESSAGE_LOAD_FAILED:
        this.#load?.fail(scriptFailure(text));
        break;
      default:
        throw new SyntaxError("unknown kind");
    }
  }

  #loaded(list: readonly (readonly [string, number])[]): void {
    this.#exports = list.map(([name]) => String(name));
    for (const [name, ref] of list) if (ref > 0) this.#functions.set(String(name), Number(ref));
    this.#load?.resolve(undefined);
  }

  #callHost(
    target: string | number,
    id: number,
    args: readonly unknown[],
    running: RunningHostCall,
    trigger: PendingCall | undefined,
  ): void {
    if (trigger?.abandoned !== undefined) {
      this.#enter(trigger, "refuse host call", op.FAIL_HOST_CALL, id, plainHostError(abortError(trigger.abandoned)));
      return;
    }
    const fn = typeof target === "string" ? this.#host.hosts[target] : this.#lent.functionOf(target);
    this.#hostCalls.set(id, { running, trigger });
    const fail = (error: unknown): void => this.#endHostCall(id, running, op.FAIL_HOST_CALL, plainHostError(error));
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
      this.#endHostCall(id, running, op.SETTLE_HOST_CALL, text);
    }, fail);
  }

  #endHostCall(id: number, running: RunningHostCall, operation: number, text: string): void {
    const held = this.#hostCalls.get(id);
    // Ended already, by an abort or with its context.
    if (held?.running !== running) return;
    this.#hostCalls.delete(id);
    this.#enter(held.trigger, "settle host call", operation, id, text);
  }

  #setTimer(id: number, ms: number, trigger: PendingCall | undefined): void {
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

  /** To be told of each of its calls that settled, however. */
  settled(call: PendingCall): void {
    this.#calls.delete(call.id);
    if (this.#dead !== undefined) return;
    if (!this.#lent.isEmpty) this.#takeBack(call);
    if (call.abandoned === undefined || !call.begun) return;
    const error = abortError(call.abandoned);
    for (const [id, { running, trigger }] of this.#hostCalls) {
      if (trigger !== call) continue;
      running.abort(error);
      this.#endHostCall(id, running, op.FAIL_HOST_CALL, plainHostError(error));
    }
    for (const [id, { cancel, trigger }] of this.#timers) {
      if (trigger !== call) continue;
      cancel();
      this.#timers.delete(id);
      this.#enter(call, "forget timer", op.FORGET_TIMER, id);
    }
  }

  #lendSignal(signal: AbortSignal, call: PendingCall): number {
    return this.#lent.lendSignal(signal, call, (number) => {
      this.#enter(call, "abort signal", op.ABORT_SIGNAL, number, plainHostError(abortError(signal.reason)));
    });
  }

  #takeBack(call: PendingCall): void {
    for (const number of this.#lent.takeBack(call)) {
      if (call.begun) this.#enter(call, "forget signal", op.ABORT_SIGNAL, number, "");
    }
  }

  #decode(text: string, slots: string, hostCall: RunningHostCall | undefined): unknown {
    return decodeFromVm(text, parseSlots(slots), (ref) =>
      ref < 0 ? hostCall?.given(-ref) : this.#functionFor(ref, hostCall),
    );
  }

  #functionFor(ref: number, hostCall: RunningHostCall | undefined): ScriptFunction {
    const call = (args: readonly unknown[], options: ScriptCallOptions = {}): Promise<unknown> => {
      const pending = this.#host.newCall("call script function", options, (settled) => this.settled(settled));
      if (this.#dead !== undefined)
        pending.fail(new TurnError("vm-lost", `${CLOSED_REASON}, and its functions with it`));
      else if (!pending.settled) this.callRef(ref, args, pending);
      return pending.promise;
    };
    return new ScriptFunction(call, () => {
      if (hostCall === undefined) this.#enter(undefined, "release function", op.RELEASE, ref);
    });
  }

  #tooLong(): TurnError {
    return new TurnError(
      "script-limit",
      `The result is longer than ${this.#host.messageBytes} bytes as JSON (messageBytes)`,
    );
  }
}

function splitOnce(text: string): [string, string] {
  const space = text.indexOf(" ");
  return space < 0 ? [text, ""] : [text.slice(0, space), text.slice(space + 1)];
}

/** What a script sees when it is told to stop: an AbortError, or the error that the signal was given. */
function abortError(reason: unknown): unknown {
  if (reason instanceof DOMException) return reason;
  if (reason instanceof TurnError) return new DOMException(reason.message, "TimeoutError");
  if (reason instanceof Error && reason.name !== "OwnerError") return reason;
  return new DOMException("The call was canceled", "AbortError");
}

/** The owner has stopped or the VM is gone; whoever waited was told by what stopped it. */
function ignoreRefusal(): void {}
