import type { TurnFailure } from "../event/outcome.ts";
import { CANCELLED, ENVELOPE_PREFIX, FAILED, type TurnEvent } from "../event/turn-event.ts";

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
        this.#asked.delete(event.data?.["approvalId"]);
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

  /** How many approvals it asked for that nobody has answered. */
  get open(): number {
    return this.#asked.size + this.#nameless;
  }

  #ask(event: TurnEvent): void {
    const id = event.data?.["approvalId"];
    if (id === undefined) this.#nameless++;
    else this.#asked.add(id);
  }

  #fail(event: TurnEvent): void {
    const data = typeof event.data === "object" && event.data !== null ? event.data : {};
    const { message, code, ...details } = data;
    const known = this.failure?.failure;
    const text = typeof message === "string" && message !== "" ? message : known?.message;
    const said = typeof code === "string" && code !== "" ? code : known?.code;
    this.failure = {
      failure: { message: text ?? "The producer reported a failure", ...(said === undefined ? {} : { code: said }) },
      details: { ...this.failure?.details, ...details },
    };
  }
}
