import { GrowingText } from "./growing-text.ts";
import type { TurnEvent } from "./turn-event.ts";
import { parseUsage, type TokenUsage } from "./usage.ts";

/**
 * Reads the answer off a turn's events: deltas of text parts are appended, a cumulative text replaces its part, and a
 * `result` event's `finalText` wins over both. Parts with ids are kept apart, in the order in which they first came;
 * those without are one part.
 *
 * @example
 * ```ts
 * import { createTextAccumulator, textDelta } from "turnwire";
 *
 * const answer = createTextAccumulator();
 * answer.add(textDelta("Hel"));
 * answer.add(textDelta("lo"));
 * answer.text(); // "Hello"
 * ```
 */
export interface TextAccumulator {
  add(event: TurnEvent): void;
  text(): string;
  usage(): TokenUsage | undefined;
  /** Whether any event so far said something about the text. */
  readonly touched: boolean;
}

export function createTextAccumulator(): TextAccumulator {
  const parts = new Map<string | undefined, GrowingText>();
  let final: string | undefined;
  let usage: TokenUsage | undefined;
  let touched = false;

  function addPart(data: Readonly<Record<string, unknown>>): void {
    const part = data["part"] as { type?: unknown; id?: unknown; text?: unknown; content?: unknown } | null | undefined;
    if (typeof part !== "object" || part === null || part.type !== "text") return;
    const key = typeof part.id === "string" ? part.id : undefined;
    // Older senders call the cumulative text `content`.
    const cumulative = part.text ?? part.content;
    const delta = data["delta"];
    // Some senders fill `text` with "" beside a delta: that is no cumulative text.
    const isCumulative = typeof cumulative === "string" && (cumulative !== "" || typeof delta !== "string");
    if (!isCumulative && typeof delta !== "string") return;
    let text = parts.get(key);
    if (text === undefined) parts.set(key, (text = new GrowingText()));
    if (isCumulative) text.replace(cumulative);
    else text.append(delta as string);
    touched = true;
  }

  return {
    add(event) {
      const { data } = event;
      if (typeof data !== "object" || data === null) return;
      if (event.type === "message.part.updated") {
        addPart(data);
      } else if (event.type === "result") {
        if (typeof data["finalText"] === "string") {
          final = data["finalText"];
          touched = true;
        }
        usage = parseUsage(data["tokenUsage"]) ?? usage;
      }
    },
    text() {
      return final ?? Array.from(parts.values(), String).join("");
    },
    usage: () => usage,
    get touched() {
      return touched;
    },
  };
}
