import { isTerminal, isTurnError, type TurnEvent } from "../../src/index.ts";
import type { Attachment } from "../../src/substrate/index.ts";
import type { SimWorker } from "./sim-worker.ts";

/** Somebody who reads an execution at one worker, and knows what the log must say. */
export class SimReader {
  readonly worker: SimWorker;
  readonly executionId: string;
  readonly after: number;
  cursor: number;
  /** Reads no further for now; a slow client. */
  paused: boolean;
  state: "reading" | "done" | "left" | "failed" = "reading";
  error: unknown;
  #pulling = false;
  readonly #iterator: AsyncIterator<TurnEvent>;

  constructor(worker: SimWorker, { executionId, events }: Attachment, after: number, paused: boolean) {
    this.worker = worker;
    this.executionId = executionId;
    this.after = after;
    this.cursor = after;
    this.paused = paused;
    this.#iterator = events[Symbol.asyncIterator]();
    this.pull();
  }

  /** Asks for the next event, unless it has asked already. */
  pull(): void {
    if (this.#pulling || this.state !== "reading") return;
    this.#pulling = true;
    this.#iterator.next().then(
      (result) => {
        this.#pulling = false;
        if (this.worker.crashed) return;
        if (result.done === true) return this.#end();
        this.#take(result.value);
        if (!this.paused) this.pull();
      },
      (error: unknown) => {
        this.#pulling = false;
        if (this.state === "reading") this.state = "failed";
        this.error = error;
        this.#checkError(error);
      },
    );
  }

  leave(): void {
    if (this.state === "reading") this.state = "left";
    void this.#iterator.return?.();
  }

  #end(): void {
    if (this.state !== "reading") return;
    this.state = "done";
    const run = this.worker.shared.ledger.get(this.executionId);
    const last = run?.log[this.cursor - 1];
    if (last === undefined || !isTerminal(last)) this.#violate("S2", `ended after ${this.cursor}, no terminal event`);
  }

  #take({ id, ...event }: TurnEvent): void {
    const { ledger } = this.worker.shared;
    if (id === undefined) {
      if (event.type !== "run.queued") this.#violate("S2", `got ${event.type} without an id`);
      return;
    }
    if (this.state === "left") return;
    if (id !== String(this.cursor + 1)) this.#violate("S2", `got ${id} after ${this.cursor}`);
    this.cursor = Number(id);
    const stored = ledger.get(this.executionId)?.json[this.cursor - 1];
    if (stored === undefined) this.#violate("S3", `got ${id}, ${event.type}, which is not stored`);
    else if (stored !== JSON.stringify(event)) this.#violate("S2", `got another ${id} than is stored: ${stored}`);
  }

  #checkError(error: unknown): void {
    const { ledger } = this.worker.shared;
    const row = ledger.get(this.executionId)?.row;
    if (isTurnError(error, "store-failed") || isTurnError(error, "store-busy")) return;
    if (isTurnError(error, "closed") && this.worker.stopping !== "no") return;
    if (isTurnError(error, "cursor-gap") && row !== undefined && row.trimmedThrough > this.cursor) return;
    this.#violate("S4", `failed after ${this.cursor}: ${String(error)}`);
  }

  #violate(invariant: string, what: string): void {
    const { ledger } = this.worker.shared;
    ledger.violate(invariant, `A reader of ${this.executionId} at ${this.worker.name}, from ${this.after}, ${what}`);
  }
}
