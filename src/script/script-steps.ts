import type { TurnEvent } from "../event/turn-event.ts";

/** What a running script wants of its turn, in the order in which it asked. */
type Wish =
  | { readonly kind: "event"; readonly event: TurnEvent; readonly done: () => void }
  | { readonly kind: "checkpoint"; readonly value: unknown; readonly done: (saved: Promise<void>) => void };

/** A queue between a script that emits and the stream that is read. A wish is done when the reader comes for the next. */
export class ScriptSteps {
  readonly #wishes: Wish[] = [];
  #end: { readonly error?: unknown } | undefined = undefined;
  #wake: () => void = () => undefined;

  emit(event: TurnEvent): Promise<void> {
    return new Promise((done) => this.#add({ kind: "event", event, done }));
  }

  checkpoint(value: unknown): Promise<void> {
    return new Promise((done) => this.#add({ kind: "checkpoint", value, done }));
  }

  /** Nothing comes after what is there. */
  end(): void {
    this.#end ??= {};
    this.#wake();
  }

  /** Ends it: with what is there first, or at once. */
  fail(error: unknown, how: "after" | "now"): void {
    if (how === "now") {
      this.#wishes.length = 0;
      this.#end = { error };
    } else this.#end ??= { error };
    this.#wake();
  }

  /** The events, with `save` called where a checkpoint stands between them. */
  async *events(save: (value: unknown) => Promise<void>): AsyncGenerator<TurnEvent, void, undefined> {
    for (;;) {
      const wish = this.#wishes.shift();
      if (wish?.kind === "event") {
        yield wish.event;
        wish.done();
      } else if (wish?.kind === "checkpoint") {
        const saved = save(wish.value);
        wish.done(saved);
        // The script is told; a checkpoint that failed is its to handle.
        await saved.catch(() => undefined);
      } else if (this.#end === undefined) await new Promise<void>((resolve) => (this.#wake = resolve));
      else if ("error" in this.#end) throw this.#end.error;
      else return;
    }
  }

  #add(wish: Wish): void {
    if (this.#end === undefined) this.#wishes.push(wish);
    this.#wake();
  }
}
