import type { TurnFailure } from "../event/outcome.ts";
import { CANCELLED, ENVELOPE_PREFIX, FAILED, type TurnEvent } from "../event/turn-event.ts";
import { defined } from "../internal/defined.ts";
import { fieldsOf } from "../internal/fields-of.ts";
import { isText } from "../internal/is-text.ts";
import { stringifyEvent } from "../wire/event-json.ts";

/**
 * What a producer says about its own run while it yields: that it failed, that it was cancelled, that it asks a person.
 * A failure, once reported, stands: a producer that says "failed" and then "completed" has failed.
 */
export class ProducerReports {
  /** What the client is told. */
  failure: TurnFailure | undefined;
  /** What the producer's own failure events carried beside it. */
  details: Readonly<Record<string, unknown>> | undefined;
  cancelled: { readonly reason: string | undefined } | undefined;
  /** Whether an `error` event has gone to the client. */
  errorSent = false;
  /** The approvals that nobody has answered, by id; of those without one there may be several. */
  readonly #asked: unknown[] = [];

  /** Notes what an event reports; returns whether it may pass on to the client (T1). */
  take({ type, data }: TurnEvent): boolean {
    switch (type) {
      case "error":
        this.errorSent = true;
        this.#fail(data);
        break;
      case FAILED:
        this.#fail(data);
        break;
      case CANCELLED: {
        const { reason } = fieldsOf(data);
        this.cancelled = { reason: typeof reason === "string" ? reason : undefined };
        break;
      }
      case "approval.requested":
        this.#ask(fieldsOf(data)["approvalId"]);
        break;
      case "approval.resolved":
        this.#answer(fieldsOf(data)["approvalId"]);
    }
    return !type.startsWith(ENVELOPE_PREFIX);
  }

  /** Whether it asked for an approval that nobody has answered, and did not itself say that its run is over. */
  get waits(): boolean {
    return this.#asked.length > 0 && this.failure === undefined && this.cancelled === undefined;
  }

  #ask(id: unknown): void {
    if (id === undefined || !this.#asked.includes(id)) this.#asked.push(id);
  }

  #answer(id: unknown): void {
    const at = this.#asked.indexOf(id);
    if (at !== -1) this.#asked.splice(at, 1);
  }

  #fail(data: unknown): void {
    // The envelope's own session is meant by this key, and a producer may know another.
    const { message, code, sessionId: _theirs, ...details } = fieldsOf(data);
    this.failure = defined({
      message: isText(message) ? message : (this.failure?.message ?? "The producer reported a failure"),
      code: isText(code) ? code : this.failure?.code,
    });
    try {
      // The terminal event must not be lost to a cycle in what the producer added (T8).
      stringifyEvent({ type: FAILED, data: details });
      this.details = { ...this.details, ...details };
    } catch {
      // So it goes without.
    }
  }
}
