import { abortWith } from "../internal/abort-with.ts";

/** What a host function is given beside its arguments. */
export interface HostCallContext {
  /** Fires when the script's call is canceled or out of time, when its script is closed, and when its VM is lost. */
  readonly signal: AbortSignal;
}

/**
 * A function of the host that scripts may call: they get a promise. It is given plain data, copied; functions of the
 * script come as {@link ScriptFunction} and its abort signals as signals that fire with them, as arguments or as direct
 * fields of one, until this call has settled. It starts after the VM's stack has unwound, so whatever it calls back is a
 * new job.
 */
export type HostFunction = (args: readonly unknown[], call: HostCallContext) => unknown;

/** A host call that has not settled. Its signal is made on demand: most functions never look at it. */
export class RunningHostCall implements HostCallContext {
  #controller: AbortController | undefined = undefined;
  #reason: { readonly error: unknown } | undefined = undefined;
  /** What stands for signals of the script among the arguments, by their place there. */
  #given: Map<number, AbortController> | undefined = undefined;

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) abortWith(this.#controller, this.#reason.error);
    }
    return this.#controller.signal;
  }

  given(place: number): AbortSignal {
    const controller = new AbortController();
    this.#given = (this.#given ?? new Map<number, AbortController>()).set(place, controller);
    return controller.signal;
  }

  /** The script's own signal has fired. */
  abortGiven(place: number, error: unknown): void {
    const controller = this.#given?.get(place);
    if (controller !== undefined) abortWith(controller, error);
  }

  /** It has to end; nobody is left who would fire a signal of the script. */
  abort(error: unknown): void {
    this.#reason ??= { error };
    if (this.#controller !== undefined) abortWith(this.#controller, error);
    for (const controller of this.#given?.values() ?? []) abortWith(controller, error);
  }
}
