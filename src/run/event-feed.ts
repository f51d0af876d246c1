import { isTerminal, type TurnEvent } from "../event/turn-event.ts";
import { createDeferred, type Deferred } from "../internal/deferred.ts";
import type { SaidEvents } from "./run-draft.ts";

/** Above the largest batch that a writer makes of what is ready at once. */
const TAIL_EVENTS = 1024;
const TAIL_CHARS = 128 * 1024;

/**
 * What this process knows of one execution's log: how far it goes, its last few events, and who waits for more.
 *
 * Job: to wake readers, and to spare those who keep up a look into the store. Not its job: to be complete. A reader that
 * is behind the tail reads the store, so a slow one costs nothing here (S6).
 *
 * Invariants: every event here is committed (S3); the tail has no holes and ends at `last`.
 */
export class EventFeed {
  #last = 0;
  #ended = false;
  #tail: TurnEvent[] = [];
  #tailChars = 0;
  readonly #waiting = new Map<object, Deferred<TurnEvent | undefined>>();
  #closed: { readonly error: unknown } | undefined;
  /** Readers attached. */
  readers = 0;

  /** The id of the last stored event. */
  get last(): number {
    return this.#last;
  }

  /** Whether the terminal event is stored. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Takes events that this process has just committed. */
  publish({ events, size }: SaidEvents): void {
    const first = events[0];
    const final = events.at(-1);
    if (first === undefined || final === undefined) return;
    if (Number(final.id) <= this.#last) return;
    const follows = Number(first.id) === this.#last + 1;
    if (this.readers === 0 || !follows || events.length > TAIL_EVENTS || size > TAIL_CHARS) {
      this.#dropTail();
    } else {
      if (this.#tail.length + events.length > TAIL_EVENTS || this.#tailChars + size > TAIL_CHARS) this.#dropTail();
      this.#tail.push(...events);
      this.#tailChars += size;
    }
    this.advance(Number(final.id), isTerminal(final));
  }

  /** Learns how far the log goes, from the store or from a commit. */
  advance(last: number, ended: boolean): void {
    if (last > this.#last) {
      this.#last = last;
      if (this.#tail.length > 0 && Number(this.#tail.at(-1)?.id) !== last) this.#dropTail();
    } else if (ended === this.#ended) {
      return;
    }
    this.#ended ||= ended;
    this.#wakeAll();
  }

  /** Tells those who wait right now something that is not stored. */
  whisper(event: TurnEvent): void {
    this.#wakeAll(event);
  }

  /** The events after `cursor` that are at hand; undefined when the store must be asked. */
  recent(cursor: number): readonly TurnEvent[] | undefined {
    if (cursor >= this.#last) return [];
    const first = this.#last - this.#tail.length + 1;
    return cursor >= first - 1 ? this.#tail.slice(cursor - first + 1) : undefined;
  }

  /** Resolves when there may be more; with an event that is not stored, when that is what there is. */
  change(reader: object): Promise<TurnEvent | undefined> {
    const change = createDeferred<TurnEvent | undefined>();
    if (this.#closed !== undefined) change.reject(this.#closed.error);
    else this.#waiting.set(reader, change);
    // All have what there is: a run whose readers keep up keeps nothing for them.
    if (this.#waiting.size >= this.readers) this.#dropTail();
    return change.promise;
  }

  /** Ends a reader's wait. */
  wake(reader: object): void {
    const change = this.#waiting.get(reader);
    this.#waiting.delete(reader);
    change?.resolve(undefined);
  }

  /** Nobody will publish any more: those who wait are told why. */
  close(error: unknown): void {
    this.#closed = { error };
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(error);
  }

  #wakeAll(ephemeral?: TurnEvent): void {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { resolve } of waiting) resolve(ephemeral);
  }

  #dropTail(): void {
    this.#tail = [];
    this.#tailChars = 0;
  }
}
