import type { TurnEvent } from "../event/turn-event.ts";
import type { SandboxEvent } from "./sandbox-sdk.ts";
import type { EventTidier } from "./tidy-events.ts";

export interface EventReaderOptions {
  readonly batches: AsyncGenerator<readonly SandboxEvent[], void, undefined>;
  readonly tidier: EventTidier;
  /** Sees each event as the sandbox sent it. */
  note?(event: SandboxEvent): void;
  /** The run was read to its end. */
  onEnd?(): void;
  /** The reader is done, one way or the other: gives up the connection that may be waited for. */
  readonly leave: () => void;
  /** What a failure is to the reader; may end the reading with events instead. */
  recover(error: unknown): Promise<readonly SandboxEvent[]>;
}

/**
 * A run's batches as single events. By hand rather than by one more generator: what is there already is handed out
 * without waiting.
 */
export function readEvents(options: EventReaderOptions): AsyncIterableIterator<TurnEvent> {
  const { batches, tidier, leave } = options;
  let ready: TurnEvent[] = [];
  let next = 0;
  let over = false;

  function take(batch: readonly SandboxEvent[]): void {
    for (const event of batch) {
      options.note?.(event);
      tidier.take(event, ready);
    }
  }

  async function fill(): Promise<void> {
    ready = [];
    next = 0;
    while (ready.length === 0 && !over) {
      let read: IteratorResult<readonly SandboxEvent[], void>;
      try {
        read = await batches.next();
      } catch (error) {
        over = true;
        leave();
        take(await options.recover(error));
        tidier.end(ready);
        return;
      }
      if (read.done !== true) take(read.value);
      else if (!over) {
        over = true;
        leave();
        options.onEnd?.();
        tidier.end(ready);
      }
    }
  }

  function shift(): IteratorResult<TurnEvent, undefined> {
    const value = ready[next++];
    return value === undefined ? { done: true, value: undefined } : { done: false, value };
  }

  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next() {
      return next < ready.length ? Promise.resolve(shift()) : fill().then(shift);
    },
    async return() {
      over = true;
      ready = [];
      // First, because a generator that waits for the connection could not end.
      leave();
      await batches.return();
      return { done: true, value: undefined };
    },
  };
}
