import {
  createNdjsonDecoder,
  createSseDecoder,
  type DecoderLimits,
  type TurnEvent,
  type WireFormat,
} from "../../src/wire/index.ts";
import type { Random } from "./random.ts";

/** What a decoder said about some bytes: its events, and the error that ended them. */
export interface Decoded {
  readonly events: TurnEvent[];
  readonly error?: unknown;
}

export const FORMATS: readonly WireFormat[] = ["ndjson", "sse"];

/** Decodes chunks to their end or to the first error. */
export function decodeChunks(format: WireFormat, chunks: readonly Uint8Array[], limits: DecoderLimits = {}): Decoded {
  const decoder = format === "sse" ? createSseDecoder(limits) : createNdjsonDecoder(limits);
  const events: TurnEvent[] = [];
  const take = (event: TurnEvent): void => void events.push(event);
  try {
    for (const chunk of chunks) decoder.push(chunk, take);
    decoder.end(take);
    return { events };
  } catch (error) {
    return { events, error };
  }
}

/** The same as text, for comparisons: messages and keys such as `__proto__` included. */
export function showDecoded({ events, error }: Decoded): string {
  return JSON.stringify([events, messageOf(error)]);
}

/** The message of an error; empty for what is none. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : "";
}

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Texts and bytes as one run of bytes. */
export function concat(...parts: readonly (string | Iterable<number>)[]): Uint8Array {
  const bytes = parts.map((part) => (typeof part === "string" ? utf8(part) : Uint8Array.from(part)));
  const whole = new Uint8Array(bytes.reduce((length, { length: more }) => length + more, 0));
  let at = 0;
  for (const part of bytes) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Cuts bytes at the given places. */
export function cutAt(bytes: Uint8Array, ...places: readonly number[]): Uint8Array[] {
  const ends = [...places, bytes.length];
  return ends.map((end, index) => bytes.subarray(index === 0 ? 0 : ends[index - 1], end));
}

/** Cuts bytes into pieces of random sizes, some of them empty. */
export function cutRandomly(bytes: Uint8Array, random: Random, pieces: number): Uint8Array[] {
  const places = Array.from({ length: pieces - 1 }, () => random.below(bytes.length + 1));
  return cutAt(bytes, ...places.sort((a, b) => a - b));
}
