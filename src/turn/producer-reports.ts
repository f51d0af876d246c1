import type { TurnFailure } from "../event/outcome.ts";
import { CANCELLED, ENVELOPE_PREFIX, FAILED, type TurnEvent } from "../event/turn-event.ts";
import { stringifyEvent } from "../wire/event-json.ts";

/** A failure as a producer reported it: what the client is told, and whatever else its own event carried. */
export interface ReportedFailure {
  readonly failure: TurnFailure;
  readonly details: Readonly<Record<string, unknown>>;
}

/**
 * What a producer says about its own run while it yields: that it failed, that it was cancelled, that it asks a person.
 * A failure, once reported, stands: a producer that says "failed" and then "completed" has failed.
 */
export class ProducerReports {
  failure: ReportedFailure | undefined;
  cancelled: { readonly reason?: string } | undefined;
  /** Whether an `error` event has gone to the client. */
  errorSent = false;
  readonly #asked = new Set<unknown>();
  #nameless = 0;

  /** Notes what an event reports; returns whether it may pass on to the client (T1). */
  take(event: TurnEvent): boolean {
    switch (event.type) {
      case "error":
        this.errorSent = true;
        this.#fail(event);
        return true;
      case "approval.requested":
        this.#ask(event);
        return true;
      case "approval.resolved":
        this.#answer(event);
        return true;
      case FAILED:
        this.#fail(event);
        return false;
      case CANCELLED: {
        const reason = event.data?.["reason"];
        this.cancelled = typeof reason === "string" ? { reason } : {};
        return false;
      }
      default:
        return !event.type.startsWith(ENVELOPE_PREFIX);
    }
  }

  /** Whether it asked for an approval that nobody has answered, and did not itself say that its run is over. */
  get waits(): boolean {
    return this.#asked.size + this.#nameless > 0 && this.failure === undefined && this.cancelled === undefined;
  }

  #ask(event: TurnEvent): void {
    const id = event.data?.["approvalId"];
    if (id === undefined) this.#nameless++;
    else this.#asked.add(id);
  }

  #answer(event: TurnEvent): void {
    const id = event.data?.["approvalId"];
    if (id !== undefined) this.#asked.delete(id);
    else if (this.#nameless > 0) this.#nameless--;
  }

  #fail(event: TurnEvent): void {
    const data = typeof event.data === "object" && event.data !== null ? event.data : {};
    // The envelope's own execution is meant by this key, and a producer may know another.
    const { message, code, executionId: _theirs, ...details } = data;
    const known = this.failure?.failure;
    const text = typeof message === "string" && message !== "" ? message : known?.message;
    const said = typeof code === "string" && code !== "" ? code : known?.code;
    this.failure = {
      failure: { message: text ?? "The producer reported a failure", ...(said === undefined ? {} : { code: said }) },
      // The terminal event must not be lost to a cycle in what the producer added (T8).
      details: { ...this.failure?.details, ...(isEncodable(details) ? details : {}) },
    };
  }
}

function isEncodable(details: Readonly<Record<string, unknown>>): boolean {
  try {
    stringifyEvent({ type: FAILED, data: details });
    return true;
  } catch {
    return false;
  }
}
