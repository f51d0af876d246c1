import type { HostFunction } from "./host-function.ts";
import type { PendingCall } from "./pending-call.ts";

interface LentValue {
  readonly call: number;
  readonly fn?: HostFunction;
  readonly release?: () => void;
}

/**
 * Host functions and abort signals that the arguments of calls carried into a VM, by the numbers that stand for them there.
 * What a call brought is worth nothing once it has ended.
 */
export class LentValues {
  readonly #values = new Map<number, LentValue>();
  #last = 0;

  get isEmpty(): boolean {
    return this.#values.size === 0;
  }

  functionOf(number: number): HostFunction | undefined {
    return this.#values.get(number)?.fn;
  }

  lend(fn: HostFunction, call: PendingCall): number {
    this.#values.set(++this.#last, { fn, call: call.id });
    return this.#last;
  }

  /** `aborted` is told once, after the call that hands the signal over has been handed over itself. */
  lendSignal(signal: AbortSignal, call: PendingCall, aborted: (number: number) => void): number {
    const number = ++this.#last;
    const onAbort = (): void => aborted(number);
    if (signal.aborted) queueMicrotask(onAbort);
    else signal.addEventListener("abort", onAbort, { once: true });
    this.#values.set(number, { call: call.id, release: () => signal.removeEventListener("abort", onAbort) });
    return number;
  }

  /** Ends what a call brought. Answers the numbers of its signals, which the VM may forget. */
  takeBack(call: PendingCall): number[] {
    const signals: number[] = [];
    for (const [number, { call: id, fn, release }] of this.#values) {
      if (id !== call.id) continue;
      this.#values.delete(number);
      release?.();
      if (fn === undefined) signals.push(number);
    }
    return signals;
  }

  clear(): void {
    for (const { release } of this.#values.values()) release?.();
    this.#values.clear();
  }
}
