import type { Cursor } from "./cursor.ts";
import { GrowingText } from "./growing-text.ts";
import type { TurnEvent } from "./turn-event.ts";
import { addUsage, parseUsage, type TokenUsage } from "./usage.ts";

/**
 * Reads the answer off a turn's events: deltas of text parts are appended, a cumulative text replaces its part, and a
 * `result` event's `finalText` wins over both. Parts with ids are kept apart, in the order in which they first came;
 * those without are one part. What was said before a suspension stays, and `run.restarted` takes back what it says.
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
  /** Makes what was said so far stay, whatever cumulative text or result comes after it. */
  seal(): void;
  /** Whether any event so far said something about the text. */
  readonly touched: boolean;
}

export function createTextAccumulator(): TextAccumulator {
  const parts = new Map<string | undefined, GrowingText>();
  let final: string | undefined;
  let usage: TokenUsage | undefined;
  /** What is sealed: it stands before the parts. */
  let sealed = "";
  let sealedUsage: TokenUsage | undefined;
  /** The answer as it was at the last place that a restart can go back to. */
  let mark: { readonly id: Cursor; readonly text: string } | undefined;
  let touched = false;

  function text(): string {
    return sealed + (final ?? Array.from(parts.values(), String).join(""));
  }

  function beginAfter(kept: string): void {
    sealed = kept;
    parts.clear();
    final = undefined;
  }

  function seal(): void {
    beginAfter(text());
    sealedUsage = addUsage(sealedUsage, usage);
    usage = undefined;
  }

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
    let grown = parts.get(key);
    if (grown === undefined) parts.set(key, (grown = new GrowingText()));
    if (isCumulative) grown.replace(cumulative);
    else grown.append(delta as string);
    touched = true;
  }

  return {
    add(event) {
      const { data, id } = event;
      if (typeof data !== "object" || data === null) return;
      switch (event.type) {
        case "message.part.updated":
          addPart(data);
          break;
        case "result":
          if (typeof data["finalText"] === "string") {
            final = data["finalText"];
            touched = true;
          }
          usage = parseUsage(data["tokenUsage"]) ?? usage;
          break;
        case "run.state.changed":
          if (data["state"] !== "waiting_for_approval" || id === undefined) break;
          seal();
          mark = { id, text: sealed };
          break;
        case "run.checkpointed":
          if (id !== undefined) mark = { id, text: text() };
          break;
        case "run.restarted":
          beginAfter(mark !== undefined && mark.id === data["keep"] ? mark.text : "");
      }
    },
    text,
    usage: () => addUsage(sealedUsage, usage),
    seal,
    get touched() {
      return touched;
    },
  };
}
