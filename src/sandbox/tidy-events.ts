import type { TurnEvent } from "../event/turn-event.ts";
import { readCancelledInteraction, readInteraction } from "./interaction.ts";
import { isObject, isText, readOutcome, type RemoteOutcome } from "./remote-outcome.ts";
import type { SandboxEvent } from "./sandbox-sdk.ts";
import { type SaidParts, TextParts } from "./text-parts.ts";
import { ToolParts } from "./tool-parts.ts";

/**
 * The sandbox's events as a turn says them. Each remote event becomes one event with the same id, so that ids stay a log;
 * what is added has none: ends of tool calls that were left open, answers to questions that are none any more, and the
 * failure or the stop that the outcome tells of. Types that it does not know pass unchanged.
 */
export class EventTidier {
  readonly #texts: TextParts;
  readonly #tools = new ToolParts();
  readonly #asked = new Set<string>();
  #result: Readonly<Record<string, unknown>> = {};
  #errorSent = false;
  #over = false;

  constructor(said?: SaidParts) {
    this.#texts = new TextParts(said);
  }

  said(): SaidParts {
    return this.#texts.said();
  }

  /** Adds what the event comes to. */
  take(event: SandboxEvent, out: TurnEvent[]): void {
    switch (event.type) {
      case "message.part.updated":
        out.push(this.#takePart(event));
        return;
      case "interaction": {
        const request = readInteraction(event);
        if (request === undefined) break;
        this.#asked.add(request.approvalId);
        out.push({ ...event, type: "approval.requested", data: { ...request } });
        return;
      }
      case "interaction.cancel": {
        const approvalId = readCancelledInteraction(event);
        if (approvalId === undefined) break;
        this.#asked.delete(approvalId);
        out.push({ ...event, type: "approval.resolved", data: { approvalId, decision: "expired" } });
        return;
      }
      case "error":
        this.#errorSent = true;
        out.push(withMessage(event));
        return;
      case "result":
        this.#result = event.data ?? {};
        break;
      case "done":
        this.#close(event.data, out);
        break;
    }
    out.push(event);
  }

  /** The run is over, also without a `done`. */
  end(out: TurnEvent[]): void {
    this.#close(undefined, out);
  }

  #takePart(event: SandboxEvent): TurnEvent {
    const part = event.data?.["part"];
    if (!isObject(part)) return event;
    const { type } = part;
    if (type === "text" || type === "reasoning") return this.#texts.take(event, part);
    if (type === "tool") this.#tools.take(part);
    return event;
  }

  #close(done: Readonly<Record<string, unknown>> | undefined, out: TurnEvent[]): void {
    if (this.#over) return;
    this.#over = true;
    const outcome = combine(readOutcome(this.#result), readOutcome(done ?? {}));
    this.#tools.settle(this.#result, out);
    if (outcome.status === "waiting") return;
    // How they were answered, the stream does not say; that they are questions no longer, its end does.
    for (const approvalId of this.#asked) out.push({ type: "approval.resolved", data: { approvalId } });
    if (outcome.status === "failed" && !this.#errorSent) out.push({ type: "error", data: { ...outcome.failure } });
    if (outcome.status === "cancelled") {
      const { reason } = outcome;
      out.push({ type: "session.run.cancelled", data: reason === undefined ? {} : { reason } });
    }
  }
}

/** Of two words on one run the worse: a `done` that says no more than that it is over does not mend a failed result. */
export function combine(result: RemoteOutcome, done: RemoteOutcome): RemoteOutcome {
  return done.status === "completed" ? result : done;
}

/** An error's message where the turn looks for it. */
function withMessage(event: SandboxEvent): TurnEvent {
  const data = event.data ?? {};
  if (isText(data["message"])) return event;
  const error = isObject(data["error"]) ? data["error"] : {};
  const message = [error["message"], data["error"], data["details"]].find(isText) ?? "The sandbox reported an error";
  const code = [data["code"], error["code"]].find(isText);
  return { ...event, data: { ...data, message, ...(code === undefined ? {} : { code }) } };
}
