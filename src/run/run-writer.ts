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
  /** Of what waits and of what is on its way to the store. */
  #waitingChars = 0;
  #said = 0;
  #scheduled = false;
  #last: Promise<unknown> = Promise.resolve();
  /** When events were stored last. */
  #appendedAt = -Infinity;
  /** Ends the wait for more events. */
  #enough: (() => void) | undefined;
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
    else if (this.#hasEnough()) this.#enough?.();
    if (this.#waitingChars <= MAX_WAITING_CHARS) return undefined;
    this.#room ??= createDeferred();
    return this.#room.promise;
  }

  /** Everything said so far, and then `body`, in one transaction. What the owner reads goes this way too. */
  commit<T>(body: (draft: RunDraft) => T): Promise<T> {
    const result = this.#last.then(() => this.#write(body));
    // The next write comes after this one, however this one ends.
    this.#last = result.catch(() => undefined);
    return result;
  }

  /**
   * Makes sure that the lease lasts at this moment, for something that must not begin twice: the store may have answered
   * so late that another worker has begun it by now.
   */
  async hold(): Promise<void> {
    for (;;) {
      if (this.#lost !== undefined) throw this.#lost;
      if (this.#core.now() < this.leaseUntil) return;
      this.leaseUntil = await this.commit((draft) => this.#core.extendLease(draft));
    }
  }

  /** Nothing is written any more: the lease is gone. */
  lose(cause: unknown): void {
    if (this.#lost !== undefined) return;
    this.#lost = isTurnError(cause, "lease-lost")
      ? cause
      : new TurnError("lease-lost", `The lease of ${this.#executionId} is lost`, { cause });
    this.#waiting = [];
    this.#waitingChars = 0;
    this.#enough?.();
    this.#makeRoom();
    this.#onLost(cause);
  }

  async #schedule(): Promise<void> {
    this.#scheduled = true;
    await this.#last;
    await whenQuiet(() => (this.#waiting.length < BATCH_EVENTS ? this.#said : undefined));
    await this.#interval();
    this.#scheduled = false;
    if (this.#waiting.length === 0) return;
    try {
      await this.commit(() => undefined);
    } catch (error) {
      // Trying again would bring the same; the run cannot go on in these hands.
      if (this.#lost === undefined)
        this.#core.options.log("A run's events cannot be stored", { executionId: this.#executionId, error });
      this.lose(error);
    }
    if (this.#waiting.length > 0 && !this.#scheduled) void this.#schedule();
  }

  /** Waits until events may be stored again, unless there is a batch already. */
  async #interval(): Promise<void> {
    const { appendEveryMs, clock } = this.#core.options;
    // A clock that was set back must not make an hour of it.
    const leftMs = Math.min(this.#appendedAt - clock.now(), 0) + appendEveryMs;
    if (appendEveryMs === 0 || leftMs <= 0 || this.#hasEnough()) return;
    let stopTimer: (() => void) | undefined;
    await new Promise<void>((resolve) => {
      this.#enough = resolve;
      stopTimer = clock.after(leftMs, resolve);
    });
    this.#enough = undefined;
    stopTimer?.();
  }

  #hasEnough(): boolean {
    return this.#waiting.length >= BATCH_EVENTS || this.#waitingChars > MAX_WAITING_CHARS;
  }

  async #write<T>(body: (draft: RunDraft) => T): Promise<T> {
    for (;;) {
      if (this.#lost !== undefined) throw this.#lost;
      const batch = this.#waiting;
      // What is said while the store works belongs to the next batch.
      this.#waiting = [];
      let mistake: { readonly error: unknown } | undefined;
      try {
        const value = await this.#attempt(batch, (draft) => {
          try {
            return body(draft);
          } catch (error) {
            mistake = { error };
            throw error;
          }
        });
        if (batch.length > 0) this.#appendedAt = this.#core.now();
        for (const { json } of batch) this.#waitingChars -= json.length;
        if (this.#waitingChars <= MAX_WAITING_CHARS) this.#makeRoom();
        // No timer is left behind for what this has taken along: it would keep an object from sleeping.
        if (this.#waiting.length === 0) this.#enough?.();
        return value;
      } catch (error) {
        if (this.#lost === undefined) this.#waiting = [...batch, ...this.#waiting];
        // Only the store's own trouble may pass: a refusal, or a mistake in `body`, would come again.
        if (error === mistake?.error || !mayPass(error)) {
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

  #attempt<T>(batch: readonly Waiting[], body: (draft: RunDraft) => T): Promise<T> {
    return this.#core.changeAndSay(
      this.#executionId,
      (draft) => {
        for (const { event, json, effect } of batch) {
          const id = draft.say(event, json);
          effect?.(draft, id);
        }
        return body(draft);
      },
      this.#onStored,
      this.#fence,
    );
  }

  #makeRoom(): void {
    this.#room?.resolve();
    this.#room = undefined;
  }
}

/** A store's errors need not be this library's: one that nobody knows is taken for trouble too. */
function mayPass(error: unknown): boolean {
  return !isTurnError(error) || error.code.startsWith("store-");
}
