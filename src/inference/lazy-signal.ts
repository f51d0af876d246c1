/** An abort signal that is made when someone looks at it: most callbacks do not. */
export class LazySignal {
  #controller: AbortController | undefined = undefined;
  #reason: { readonly error: unknown } | undefined = undefined;

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason.error);
    }
    return this.#controller.signal;
  }

  abort(error: unknown): void {
    if (this.#reason !== undefined) return;
    this.#reason = { error };
    this.#controller?.abort(error);
  }
}
