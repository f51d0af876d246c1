import { abortError } from "./abort-error.ts";
import type { ContextHost } from "./context-host.ts";
import { decodeFromVm, encodeWithin, findHostSlots, parseSlots } from "./crossing.ts";
import type { HostFunction, RunningHostCall } from "./host-function.ts";
import type { EnterContext } from "./host-work.ts";
import { LentValues } from "./lent-values.ts";
import type { PendingCall, ScriptCallOptions } from "./pending-call.ts";
import { plainHostError } from "./script-failure.ts";
import { ScriptFunction } from "./script-function.ts";
import * as op from "./vm/prelude/operations.ts";

/** Calls a function of the script by its number there. */
export type CallFunction = (ref: number, args: readonly unknown[], options?: ScriptCallOptions) => Promise<unknown>;

/*
 * The values that go between the host and a context, both ways: data as JSON, and numbers for what stays where it is. A
 * function or signal of the host is lent for as long as the call that brought it lasts; a function of the script is known
 * until it is released, one that came with a host call until that has settled.
 */
export class ContextValues {
  readonly #host: ContextHost;
  readonly #enter: EnterContext;
  readonly #callFunction: CallFunction;
  readonly #lent = new LentValues();

  constructor(host: ContextHost, enter: EnterContext, callFunction: CallFunction) {
    this.#host = host;
    this.#enter = enter;
    this.#callFunction = callFunction;
  }

  /** A call's arguments, and the operation that takes them. Throws for what cannot cross. */
  encode(args: readonly unknown[], call: PendingCall): { readonly operation: number; readonly text: string } {
    const lend = (value: (...given: never[]) => unknown): number => this.#lent.lend(value as HostFunction, call);
    const slots = findHostSlots(args, lend, (signal) => this.#lendSignal(signal, call));
    const hasSlots = slots.length > 0;
    const text = encodeWithin("The arguments are", hasSlots ? { args, slots } : args, this.#host.messageBytes);
    return { operation: hasSlots ? op.CALL_WITH_SLOTS : op.CALL, text };
  }

  /** A value out of the VM; `hostCall` where it is the arguments of one. */
  decode(text: string, slots: string, hostCall: RunningHostCall | undefined): unknown {
    return decodeFromVm(text, parseSlots(slots), (ref) =>
      ref < 0 ? hostCall?.given(-ref) : this.#functionFor(ref, hostCall),
    );
  }

  /** A function that was lent, by the number that the script calls it by. */
  lentFunction(number: number): HostFunction | undefined {
    return this.#lent.functionOf(number);
  }

  /** Ends what a call brought. */
  takeBack(call: PendingCall): void {
    if (this.#lent.isEmpty) return;
    for (const number of this.#lent.takeBack(call)) {
      if (call.begun) this.#enter(call, "forget signal", op.ABORT_SIGNAL, number, "");
    }
  }

  clear(): void {
    this.#lent.clear();
  }

  #lendSignal(signal: AbortSignal, call: PendingCall): number {
    return this.#lent.lendSignal(signal, call, (number) => {
      this.#enter(call, "abort signal", op.ABORT_SIGNAL, number, plainHostError(abortError(signal.reason)));
    });
  }

  #functionFor(ref: number, hostCall: RunningHostCall | undefined): ScriptFunction {
    const call = (args: readonly unknown[], options?: ScriptCallOptions): Promise<unknown> =>
      this.#callFunction(ref, args, options);
    return new ScriptFunction(call, () => {
      if (hostCall === undefined) this.#enter(undefined, "release function", op.RELEASE, ref);
    });
  }
}
