import { isTurnError, TurnError } from "../errors.ts";
import { createDeferred, type Deferred } from "../internal/deferred.ts";
import { whenQuiet } from "../internal/when-quiet.ts";
import type { EncodedEvent } from "../turn/encode-event.ts";
import type { EngineCore, Fence } from "./engine-core.ts";
import type { RunDraft, SaidEvents } from "./run-draft.ts";

/** What is ready at once goes into one transaction, up to so many events. */
const BATCH_EVENTS = 512;
/** More than this waiting to be stored makes the agent wait. */
const MAX_WAITING_CHARS = 1024 * 1024;
const RETRY_MS = 50;

interface Waiting extends EncodedEvent {
  /** What is written in the event's own transaction. */
  readonly effect?: (draft: RunDraft, id: number) => void;
}

/**
 * The owner's pen: stores what a run says, in order, a batch at a time.
 *
 * Invariants: one transaction at a time; every write carries the owner's fence, and after one was refused nothing is
 * written any more (S9); an event that is ready alone is stored at once. A store that fails is asked again for as long
 * as the lease lasts: what a run has said is not lost to a moment's trouble.
 */
export class RunWriter {
  readonly #core: EngineCore;
  readonly #executionId: string;
  readonly #fence: Fence;
  readonly #onStored: (said: SaidEvents) => void;
  readonly #onLost: (error: unknown) => void;
  #waiting: Waiting[] = [];
  #waitingChars = 0;
  #said = 0;
  #scheduled = false;
  #last: Promise<unknown> = Promise.resolve();
  #room: Deferred<void> | undefined;
  #lost: TurnError | undefined;
  /** Until when the lease lasts, as far as this worker knows. */
  leaseUntil = 0;

  constructor(
    core: EngineCore,
    executionId: string,
    fence: Fence,
    on: { readonly stored: (said: SaidEvents) => void; readonly lost: (error: unknown) => void },
  ) {
    this.#core = core;
    this.#executionId = executionId;
    this.#fence = fence;
    this.#onStored = on.stored;
    this.#onLost = on.lost;
  }

  /** Adds an event. A promise means: wait for it before adding more. */
  say(encoded: EncodedEvent, effect?: Waiting["effect"]): Promise<void> | undefined {
    if (this.#lost !== undefined) return undefined;
    this.#waiting.push(effect === undefined ? encoded : { ...encoded, effect });
    this.#waitingChars += encoded.json.length;
    this.#said++;
    if (!this.#scheduled) void this.#schedule();
    if (this.#waitingChars <= MAX_WAITING_CHARS) return undefined;
    this.#room ??= createDeferred();
    return this.#room.promise;
  }

  /** Everything said so far, and then `body`, in one transaction. */
  commit<T>(body: (draft: RunDraft) => T): Promise<T> {
    const result = this.#last.then(() => this.#write(body));
    // The next write comes after this one, however this one ends.
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** Nothing is written any more: the lease is gone. */
  lose(cause: unknown): void {
    if (this.#lost !== undefined) return;
    this.#lost = isTurnError(cause, "lease-lost")
      ? cause
      : new TurnError("lease-lost", `The lease of ${this.#executionId} is lost`, { cause });
    this.#waiting = [];
    this.#waitingChars = 0;
    this.#makeRoom();
    this.#onLost(cause);
  }

  async #schedule(): Promise<void> {
    this.#scheduled = true;
    await this.#last;
    await whenQuiet(() => (this.#waiting.length < BATCH_EVENTS ? this.#said : undefined));
    this.#scheduled = false;
    if (this.#waiting.length === 0) return;
    // A failure has reached `lose` by then, which tells the owner.
    await this.commit(() => undefined).catch(() => undefined);
    if (this.#waiting.length > 0 && !this.#scheduled) void this.#schedule();
  }

  async #write<T>(body: (draft: RunDraft) => T): Promise<T> {
    for (;;) {
      if (this.#lost !== undefined) throw this.#lost;
      // What is said between the transaction and its answer comes with the next one.
      let written = 0;
      try {
        const { value, said } = await this.#attempt((draft) => {
          written = this.#sayWaiting(draft);
          return body(draft);
        });
        this.#waiting = this.#waiting.slice(written);
        this.#waitingChars = this.#waiting.reduce((sum, { json }) => sum + json.length, 0);
        if (this.#waitingChars <= MAX_WAITING_CHARS) this.#makeRoom();
        this.#onStored(said);
        return value;
      } catch (error) {
        // Only the store's own trouble may pass: a refusal, or a mistake in `body`, would come again.
        if (!isTurnError(error) || !error.code.startsWith("store-")) {
          if (isTurnError(error, "lease-lost")) this.lose(error);
          throw error;
        }
        if (this.#core.now() + RETRY_MS >= this.leaseUntil) {
          this.lose(error);
          throw error;
        }
        await new Promise<void>((resolve) => this.#core.options.clock.after(RETRY_MS, resolve));
      }
    }
  }

  #attempt<T>(body: (draft: RunDraft) => T): Promise<{ value: T; said: SaidEvents }> {
    return this.#core.changeAndSay(this.#executionId, body, this.#fence);
  }

  /** Returns how many events it took. */
  #sayWaiting(draft: RunDraft): number {
    for (const { event, json, effect } of this.#waiting) {
      const id = draft.say(event, json);
      effect?.(draft, id);
    }
    return this.#waiting.length;
  }

  #makeRoom(): void {
    this.#room?.resolve();
    this.#room = undefined;
  }
}
