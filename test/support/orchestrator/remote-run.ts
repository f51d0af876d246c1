import { createDeferred, type Deferred } from "../../../src/internal/deferred.ts";

/** An event as the orchestrator keeps it; without an id it goes to those who listen now, and is not kept. */
export interface RemoteEvent {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly id?: string;
}

/** What a person answered. */
export interface RemoteAnswer {
  readonly id: string;
  readonly outcome: "accepted" | "declined";
  readonly data?: Record<string, unknown>;
  readonly note?: string;
}

export interface Question {
  readonly answer: Deferred<RemoteAnswer | "expired">;
  state: "open" | "answered" | "expired";
}

/** One run and its buffer: at most so many events, the oldest dropped first. */
export class RemoteRun {
  readonly executionId: string;
  readonly sessionId: string;
  readonly stop: AbortController = new AbortController();
  readonly questions = new Map<string, Question>();
  ended = false;
  /** The `result` event's data; kept when the buffer is gone. */
  result: Readonly<Record<string, unknown>> | undefined;
  readonly #limit: number;
  #events: RemoteEvent[] = [];
  /** How many of the oldest were dropped. */
  #dropped = 0;
  #total = 0;
  #changed = createDeferred<void>();
  readonly #live = new Set<RemoteEvent[]>();

  constructor(executionId: string, sessionId: string, limit: number) {
    this.executionId = executionId;
    this.sessionId = sessionId;
    this.#limit = limit;
  }

  append(type: string, data: Readonly<Record<string, unknown>>): void {
    if (this.ended) return;
    const event = { type, data, id: String(++this.#total) };
    if (type === "result") this.result = data;
    if (type === "done") this.ended = true;
    this.#events.push(event);
    if (this.#events.length > this.#limit) {
      this.#events.shift();
      this.#dropped++;
    }
    for (const queue of this.#live) queue.push(event);
    this.#wake();
  }

  tell(type: string, data: Readonly<Record<string, unknown>>): void {
    for (const queue of this.#live) queue.push({ type, data });
    this.#wake();
  }

  get total(): number {
    return this.#total;
  }

  /** Drops the oldest events, as a full buffer does. */
  drop(count: number): void {
    this.#dropped += this.#events.splice(0, count).length;
  }

  /**
   * The events strictly after a cursor, then live, until the run ends. The cursor is read as leniently as can be feared:
   * what is no number is the start, and what was dropped is silently left out.
   */
  async *read(after: string, left: AbortSignal): AsyncGenerator<readonly RemoteEvent[], void, undefined> {
    const cursor = /^\d+$/.test(after) ? Number(after) : 0;
    const queue = this.#events.slice(Math.max(0, cursor - this.#dropped));
    this.#live.add(queue);
    const onLeave = (): void => this.#wake();
    left.addEventListener("abort", onLeave, { once: true });
    try {
      while (!left.aborted) {
        const batch = queue.splice(0);
        if (batch.length > 0) yield batch;
        else if (this.ended) return;
        else await this.#changed.promise;
      }
    } finally {
      left.removeEventListener("abort", onLeave);
      this.#live.delete(queue);
    }
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = createDeferred();
  }
}
