import type { TurnEvent } from "../event/turn-event.ts";
import { isObject } from "./remote-outcome.ts";

type Part = Readonly<Record<string, unknown>>;

const OVER: ReadonlySet<unknown> = new Set([
  "completed",
  "complete",
  "error",
  "failed",
  "cancelled",
  "canceled",
  "done",
]);

/** The tool calls that were begun and not ended, so that none is left spinning when the run is over. */
export class ToolParts {
  readonly #open = new Map<string, Part>();

  take(part: Part): void {
    const key = [part["callID"], part["id"]].find((one): one is string => typeof one === "string");
    if (key === undefined) return;
    const status = isObject(part["state"]) ? part["state"]["status"] : undefined;
    if (OVER.has(status)) this.#open.delete(key);
    else this.#open.set(key, part);
  }

  /** Ends them: with the output that the result knows, or as not finished. Without ids: the sandbox never said this. */
  settle(result: Readonly<Record<string, unknown>>, out: TurnEvent[]): void {
    if (this.#open.size === 0) return;
    const invocations = Array.isArray(result["toolInvocations"]) ? result["toolInvocations"].filter(isObject) : [];
    for (const [callID, part] of this.#open) {
      const known = invocations.find((one) => [one["callID"], one["toolCallId"], one["id"]].includes(callID));
      const state = isObject(part["state"]) ? part["state"] : {};
      const end = known === undefined ? undefined : endOf(known);
      const settled = end ?? { status: "error", error: "The run ended before this call did" };
      out.push({ type: "message.part.updated", data: { part: { ...part, state: { ...state, ...settled } } } });
    }
    this.#open.clear();
  }
}

function endOf(invocation: Record<string, unknown>): Record<string, unknown> | undefined {
  const output = [invocation["output"], invocation["result"]].find((one) => one !== undefined);
  const { error, isError } = invocation;
  if (isError === true || error !== undefined) {
    const said = error ?? output;
    return { status: "error", error: typeof said === "string" ? said : (JSON.stringify(said) ?? "The call failed") };
  }
  return output === undefined ? undefined : { status: "completed", output };
}
