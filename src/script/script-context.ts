import { isTurnError, TurnError } from "../errors.ts";
import type { ContextHost } from "./context-host.ts";
import { ContextValues } from "./context-values.ts";
import { isLonger, tooLong } from "./crossing.ts";
import { type HostFunction, RunningHostCall } from "./host-function.ts";
import { type EnterContext, HostWork } from "./host-work.ts";
import type { PendingCall, ScriptCallOptions } from "./pending-call.ts";
import { plainHostError, scriptError, scriptFailure } from "./script-failure.ts";
import { readMessage, splitDetails } from "./vm-message.ts";
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
 *     are aborted and fail in the script at once, and its timers are forgotten; what it asks for later is refused, and
 *     what it asks for without end is forgotten.
 *  4. A dead context is never entered; every call that it had settles with an error, every host call is aborted.
 */

/** What becomes of a call whose context was lost before it was begun. */
export type Again = () => void;

const CLOSED_REASON = "The script's context was closed";

export class ScriptContext {
  readonly #host: ContextHost;
  readonly #calls = new Map<number, PendingCall>();
  readonly #values: ContextValues;
  readonly #work: HostWork;
  readonly #functions = new Map<string, number>();
  #exports: readonly string[] = [];
  #load: PendingCall | undefined = undefined;
  #vm: Vm | undefined = undefined;
  #dead: TurnError | undefined = undefined;

  constructor(host: ContextHost) {
    this.#host = host;
    const enter: EnterContext = (...entry) => this.#enter(...entry);
    this.#values = new ContextValues(host, enter, (...call) => this.#callFunction(...call));
    this.#work = new HostWork(host, enter);
  }

  get isDead(): boolean {
    return this.#dead !== undefined;
  }

  /** Names of everything that the script exports. */
  get exports(): readonly string[] {
    return this.#exports;
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
    let given: ReturnType<ContextValues["encode"]>;
    try {
      given = this.#values.encode(args, call);
    } catch (error) {
      this.#values.takeBack(call);
      call.fail(error);
      return;
    }
    const { operation, text } = given;
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
    this.#work.end(error);
    this.#values.clear();
  }

  #obey(message: string, trigger: PendingCall | undefined): void {
    const { kind, number, details, text } = readMessage(message);
    const { messageBytes } = this.#host;
    switch (kind) {
      case op.MESSAGE_RESULT:
        if (isLonger(text, messageBytes)) this.#calls.get(number)?.fail(tooLong("The result is", messageBytes));
        else this.#calls.get(number)?.resolve(this.#values.decode(text, details, undefined));
        break;
      case op.MESSAGE_ERROR:
        this.#calls.get(number)?.fail(scriptFailure(text));
        break;
      case op.MESSAGE_TOO_LONG:
        this.#calls.get(number)?.fail(tooLong("The result is", messageBytes));
        break;
      case op.MESSAGE_HOST_CALL:
      case op.MESSAGE_REF_CALL: {
        if (isLonger(text, messageBytes)) {
          const why = new RangeError(tooLong("The arguments are", messageBytes).message);
          this.#enter(trigger, "refuse host call", op.FAIL_HOST_CALL, number, plainHostError(why));
          break;
        }
        const [name, slots] = splitDetails(details);
        const running = new RunningHostCall();
        const args = this.#values.decode(text, slots, running) as readonly unknown[];
        const fn = kind === op.MESSAGE_HOST_CALL ? this.#hostFunction(name) : this.#values.lentFunction(Number(name));
        this.#work.call(number, fn, args, running, trigger);
        break;
      }
      case op.MESSAGE_ABORT:
        this.#work.abortGiven(number, Number(details), scriptError(text));
        break;
      case op.MESSAGE_TIMER:
        this.#work.setTimer(number, Number(details), trigger);
        break;
      case op.MESSAGE_CLEAR_TIMER:
        this.#work.clearTimer(number);
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

  /** To be told of each of its calls that settled, however. */
  settled(call: PendingCall): void {
    this.#calls.delete(call.id);
    if (this.#dead !== undefined) return;
    this.#values.takeBack(call);
    if (call.abandoned !== undefined && call.begun) this.#work.abandon(call, call.abandoned);
  }

  #callFunction(ref: number, args: readonly unknown[], options: ScriptCallOptions = {}): Promise<unknown> {
    const call = this.#host.newCall("call script function", options, (settled) => this.settled(settled));
    if (this.#dead !== undefined) call.fail(new TurnError("vm-lost", `${CLOSED_REASON}, and its functions with it`));
    else if (!call.settled) this.callRef(ref, args, call);
    return call.promise;
  }

  #hostFunction(name: string): HostFunction | undefined {
    return Object.hasOwn(this.#host.hosts, name) ? this.#host.hosts[name] : undefined;
  }
}

/** The owner has stopped or the VM is gone; whoever waited was told by what stopped it. */
function ignoreRefusal(): void {}
