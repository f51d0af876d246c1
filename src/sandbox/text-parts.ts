import type { SandboxEvent } from "./sandbox-sdk.ts";

type Part = Readonly<Record<string, unknown>>;

interface Known {
  /** How many characters of the part have been said. */
  length: number;
  /** They themselves, where a cumulative text told them. */
  text: string | undefined;
}

/** How far each part of an answer had come, to go on from there. */
export type SaidParts = Readonly<Record<string, number>>;

/**
 * Brings the ways in which senders tell a growing text to one: cumulative text (`text`, `content` in older ones), deltas,
 * or both. What comes out has a `delta` wherever one can be told, so that a client that only appends is right too.
 *
 * Going on from parts that were said before, it gives deltas alone: a cumulative text would say them again.
 */
export class TextParts {
  readonly #known = new Map<string, Known>();
  readonly #deltasOnly: ReadonlySet<string>;

  constructor(said: SaidParts = {}) {
    for (const [key, length] of Object.entries(said)) this.#known.set(key, { length, text: undefined });
    this.#deltasOnly = new Set(Object.keys(said));
  }

  /** How far each part has come. */
  said(): SaidParts {
    return Object.fromEntries(Array.from(this.#known, ([key, { length }]) => [key, length]));
  }

  /** A text or reasoning part, reconciled; the same event when there is nothing to do. */
  take(event: SandboxEvent, part: Part): SandboxEvent {
    const key = typeof part["id"] === "string" ? part["id"] : String(part["type"]);
    const delta = event.data?.["delta"];
    const own = part["text"] ?? part["content"];
    // Some senders fill `text` with "" beside a delta: that is no cumulative text.
    const text = typeof own === "string" && (own !== "" || typeof delta !== "string") ? own : undefined;
    if (text === undefined && typeof delta !== "string") return event;
    const known = this.#known.get(key);
    const grown = typeof delta === "string" ? delta : growth(known, text ?? "");
    const length = text === undefined ? (known?.length ?? 0) + (grown?.length ?? 0) : text.length;
    if (known === undefined) this.#known.set(key, { length, text });
    else {
      known.length = length;
      known.text = text;
    }
    if (this.#deltasOnly.has(key)) {
      const { text: _text, content: _content, ...bare } = part;
      return { ...event, data: { ...event.data, part: bare, delta: grown ?? "" } };
    }
    if (text === undefined || (part["text"] === text && grown === delta)) return event;
    const data = { ...event.data, part: { ...part, text } };
    return { ...event, data: grown === undefined ? data : { ...data, delta: grown } };
  }
}

/** What a cumulative text adds to what is known; undefined when it replaces it. */
function growth(before: Known | undefined, text: string): string | undefined {
  if (before === undefined) return text;
  const { length } = before;
  const isLonger = before.text === undefined ? text.length >= length : text.startsWith(before.text);
  return isLonger ? text.slice(length) : undefined;
}
