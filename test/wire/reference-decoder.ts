import type { TurnEvent, WireFormat } from "../../src/wire/index.ts";

// A decoder to compare with: slow, plain, over all bytes at once, and sharing no code with the real ones.

export const FUZZ_LIMITS = { maxEventBytes: 250, maxDepth: 12 };

export interface ReferenceResult {
  readonly events: TurnEvent[];
  readonly code: "none" | "malformed-event" | "truncated-stream";
  /** The line that the error names; 0 when there is none. */
  readonly line: number;
}

export function referenceDecode(format: WireFormat, bytes: Uint8Array): ReferenceResult {
  const events: TurnEvent[] = [];
  const decode = format === "sse" ? decodeSse : decodeNdjson;
  for (const step of decode(splitLines(bytes, format))) {
    if ("event" in step) {
      events.push(step.event);
      continue;
    }
    const code = step.line.ended || step.tooLong === true ? "malformed-event" : "truncated-stream";
    return { events, code, line: step.names ?? step.line.number };
  }
  return { events, code: "none", line: 0 };
}

interface Line {
  readonly bytes: readonly number[];
  readonly number: number;
  /** Whether a line end follows, rather than the end of all bytes. */
  readonly ended: boolean;
}

/** `names`: the line that the message names, where it is not the one at which the error is found. */
type Step =
  { readonly event: TurnEvent } | { readonly line: Line; readonly names?: number; readonly tooLong?: boolean };

function splitLines(bytes: Uint8Array, format: WireFormat): Line[] {
  const lines: Line[] = [];
  let current: number[] = [];
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    const cr = format === "sse" && byte === 13;
    if (byte === 10 || cr) {
      lines.push({ bytes: current, number: lines.length + 1, ended: true });
      current = [];
      if (cr && bytes[at + 1] === 10) at++;
    } else {
      current.push(byte);
    }
  }
  if (current.length > 0) lines.push({ bytes: current, number: lines.length + 1, ended: false });
  return lines;
}

function textOf({ bytes, number }: Line): string | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(bytes));
    return number === 1 ? text.replace(/^\ufeff/, "") : text;
  } catch {
    return undefined;
  }
}

function* decodeNdjson(lines: readonly Line[]): Generator<Step> {
  for (const line of lines) {
    if (line.bytes.length > FUZZ_LIMITS.maxEventBytes) {
      yield { line, tooLong: true };
      return;
    }
    const text = textOf(line);
    if (text !== undefined && text.replaceAll(" ", "").replaceAll("\t", "").replaceAll("\r", "") === "") continue;
    const event = text === undefined ? undefined : eventOf(text);
    if (event === undefined) {
      yield { line };
      return;
    }
    yield { event };
  }
}

function* decodeSse(lines: readonly Line[]): Generator<Step> {
  let data: string[] = [];
  let began: number | undefined;
  const flush = (at: Line): Step | undefined => {
    const names = began ?? at.number;
    const text = data.length === 0 ? undefined : data.join("\n");
    data = [];
    began = undefined;
    if (text === undefined) return undefined;
    const event = sizeOf(text) > FUZZ_LIMITS.maxEventBytes ? undefined : eventOf(text);
    return event === undefined ? { line: at, names } : { event };
  };
  let last: Line | undefined;
  for (const line of lines) {
    last = line;
    if (line.bytes.length > FUZZ_LIMITS.maxEventBytes + 6) {
      yield { line, tooLong: true };
      return;
    }
    const text = textOf(line);
    if (text === undefined) {
      yield { line };
      return;
    }
    if (text === "" && line.ended) {
      const step = flush(line);
      if (step !== undefined) yield step;
      if (step !== undefined && !("event" in step)) return;
      continue;
    }
    const [, name = "", value = ""] = /^([^:]*)(?::? ?)?([^]*)$/.exec(text) ?? [];
    if (text.startsWith(":")) continue;
    began ??= line.number;
    if (name === "data") data.push(value);
    if (data.join("\n").length > FUZZ_LIMITS.maxEventBytes) {
      yield { line, names: began };
      return;
    }
  }
  if (last === undefined) return;
  const step = flush({ ...last, ended: false });
  if (step !== undefined) yield step;
}

function eventOf(json: string): TurnEvent | undefined {
  try {
    const value = JSON.parse(json) as { type?: unknown; id?: unknown } | null;
    if (typeof value !== "object" || value === null || depthOf(json) > FUZZ_LIMITS.maxDepth) return undefined;
    if (typeof value.type !== "string" || value.type === "") return undefined;
    if (value.id !== undefined && typeof value.id !== "string") return undefined;
    return value as TurnEvent;
  } catch {
    return undefined;
  }
}

/** How deep valid JSON nests as it is written, values that a repeated key drops included. */
function depthOf(json: string): number {
  let depth = 0;
  let deepest = 0;
  for (const character of json.replaceAll(/"(?:[^"\\]|\\.)*"/g, "")) {
    if (character === "{" || character === "[") deepest = Math.max(deepest, ++depth);
    if (character === "}" || character === "]") depth--;
  }
  return deepest;
}

function sizeOf(text: string): number {
  return new TextEncoder().encode(text).length;
}
