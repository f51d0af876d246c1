import type { TurnEvent } from "../../src/event/turn-event.ts";
import { createDeferred, type Deferred } from "../../src/internal/deferred.ts";
import type { Attachment } from "../../src/substrate/substrate.ts";
import { lastId, type ReferenceRow } from "./reference-row.ts";
import { ReferenceSubstrate } from "./reference-substrate.ts";

/** How far the fastest may be ahead of the slowest reader. */
const LEAD = 200;

interface Place {
  at: number;
}

/** Knows where each reader is; the mutants below wait for the slowest. */
class KnowsItsReaders extends ReferenceSubstrate {
  readonly #places = new Map<ReferenceRow, Set<Place>>();
  #moved: Deferred<void> = createDeferred();

  protected async slowestWithin(row: ReferenceRow, place: number): Promise<void> {
    while ([...(this.#places.get(row) ?? [])].some(({ at }) => at < place - LEAD)) await this.#moved.promise;
  }

  protected override attachment(
    row: ReferenceRow,
    created: boolean,
    reading: { readonly after?: string; readonly signal?: AbortSignal },
  ): Attachment {
    const attachment = super.attachment(row, created, reading);
    const place: Place = { at: Number(reading.after ?? "0") };
    const places = this.#places.get(row) ?? new Set();
    this.#places.set(row, places.add(place));
    const leave = (): void => {
      places.delete(place);
      this.#moved.resolve();
      this.#moved = createDeferred();
    };
    reading.signal?.addEventListener("abort", leave);
    const move = async function* (pace: (at: number) => Promise<void>): AsyncGenerator<TurnEvent, void, void> {
      try {
        for await (const event of attachment.events) {
          place.at++;
          await pace(place.at);
          yield event;
        }
      } finally {
        leave();
      }
    };
    return {
      ...attachment,
      events: move(async (at) => {
        this.#moved.resolve();
        this.#moved = createDeferred();
        await this.pace(row, at);
      }),
    };
  }

  /** Waits until a reader may have its next event. */
  protected async pace(_row: ReferenceRow, _at: number): Promise<void> {}
}

export class SlowReadersBlockOthers extends KnowsItsReaders {
  protected override pace(row: ReferenceRow, at: number): Promise<void> {
    return this.slowestWithin(row, at);
  }
}

export class SlowReadersBlockTheExecution extends KnowsItsReaders {
  protected override room(row: ReferenceRow): Promise<void> {
    return this.slowestWithin(row, lastId(row));
  }
}
