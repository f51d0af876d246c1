import type { Cursor } from "./cursor.ts";
import { fieldsOf } from "../internal/fields-of.ts";
import { isText } from "../internal/is-text.ts";
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
  const parts = new Map<unknown, GrowingText>();
  let final: string | undefined;
  let usage: TokenUsage | undefined;
  /** What is sealed: it stands before the parts. */
  let sealed = "";
  let sealedUsage: TokenUsage | undefined;
  /** The answer as it was at the last place that a restart can go back to. */
  let mark: { readonly id: Cursor; readonly text: string } | undefined;
  let touched = false;

  const text = (): string => sealed + (final ?? [...parts.values()].join(""));
  const totalUsage = (): TokenUsage | undefined => addUsage(sealedUsage, usage);

  function beginAfter(kept: string): void {
    sealed = kept;
    parts.clear();
    final = undefined;
  }

  function seal(): void {
    beginAfter(text());
    sealedUsage = totalUsage();
    usage = undefined;
  }

  function addPart(part: Readonly<Record<PropertyKey, unknown>>, delta: unknown): void {
    if (part["type"] !== "text") return;
    const key = part["id"] ?? "";
    // Older senders call the cumulative text `content`.
    const cumulative = part["text"] ?? part["content"];
    // Some senders fill `text` with "" beside a delta: that is no cumulative text.
    const replaces = isText(cumulative) || typeof delta !== "string";
    const said = replaces ? cumulative : delta;
    if (typeof said !== "string") return;
    const grown = replaces ? undefined : parts.get(key);
    if (grown === undefined) parts.set(key, new GrowingText(said));
    else grown.append(said);
    touched = true;
  }

  return {
    add({ type, data, id }) {
      const fields = fieldsOf(data);
      switch (type) {
        case "message.part.updated":
          addPart(fieldsOf(fields["part"]), fields["delta"]);
          break;
        case "result":
          if (typeof fields["finalText"] === "string") {
            final = fields["finalText"];
            touched = true;
          }
          usage = parseUsage(fields["tokenUsage"]) ?? usage;
          break;
        case "run.state.changed":
          if (fields["state"] !== "waiting_for_approval" || id === undefined) break;
          seal();
          mark = { id, text: sealed };
          break;
        case "run.checkpointed":
          if (id !== undefined) mark = { id, text: text() };
          break;
        case "run.restarted":
          beginAfter(mark !== undefined && mark.id === fields["keep"] ? mark.text : "");
      }
    },
    text,
    usage: totalUsage,
    seal,
    get touched() {
      return touched;
    },
  };
}
