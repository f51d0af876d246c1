import {
  createNdjsonDecoder,
  createSseDecoder,
  encodeNdjson,
  encodeSse,
  type TurnEvent,
  type WireFormat,
} from "../../src/wire/index.ts";
import { isTurnError } from "../../src/errors.ts";
import { concat, cutRandomly, messageOf, utf8 } from "../support/decode-chunks.ts";
import { createRandom, type Random } from "../support/random.ts";
import { HOSTILE_TEXTS, randomEvent } from "../support/random-json.ts";
import { FUZZ_LIMITS, referenceDecode } from "./reference-decoder.ts";

// Damaged bytes against a decoder: it must end within bounds, throw nothing but a TurnError, and agree with a slow
// reference decoder about every event before the damage, about the kind of the error and about the line it names.

export interface FuzzReport {
  readonly inputs: number;
  /** How the inputs ended, so that a fuzz run that only ever sees one kind is found out. */
  readonly ends: Readonly<Record<string, number>>;
  readonly events: number;
  readonly slowestMs: number;
}

const SLOWEST_MS = 2000;

export function fuzzWire(format: WireFormat, { seed, inputs }: { seed: number; inputs: number }): FuzzReport {
  const ends: Record<string, number> = {};
  let events = 0;
  let slowestMs = 0;
  for (let input = 0; input < inputs; input++) {
    const random = createRandom(seed + input);
    const bytes = mutate(randomDocument(format, random), format, random);
    const startedAt = performance.now();
    try {
      const { error, events: decoded } = decodeWithinBounds(format, cutRandomly(bytes, random, 1 + random.below(6)));
      const expected = referenceDecode(format, bytes);
      compare(decoded, expected.events, "events");
      compare([error.code, error.line], [expected.code, expected.line], "end");
      ends[error.code] = (ends[error.code] ?? 0) + 1;
      events += decoded.length;
      const ms = performance.now() - startedAt;
      if (ms > SLOWEST_MS) throw new Error(`It took ${ms} ms`);
      slowestMs = Math.max(slowestMs, ms);
    } catch (cause) {
      const shown = JSON.stringify(new TextDecoder().decode(bytes)).slice(0, 2000);
      throw new Error(`${format}, --seed ${seed + input} --count 1: ${messageOf(cause)}\n${shown}`, { cause });
    }
  }
  return { inputs, ends, events, slowestMs };
}

/** Decodes to the end; throws for whatever a decoder must not do. */
function decodeWithinBounds(
  format: WireFormat,
  chunks: readonly Uint8Array[],
): { events: TurnEvent[]; error: { code: string; line: number } } {
  const most = chunks.reduce((total, { length }) => total + length, 0);
  const decoder = format === "sse" ? createSseDecoder(FUZZ_LIMITS) : createNdjsonDecoder(FUZZ_LIMITS);
  const events: TurnEvent[] = [];
  const take = (event: TurnEvent): void => {
    events.push(event);
    if (events.length > most) throw new Error("More events than bytes");
  };
  try {
    for (const chunk of chunks) decoder.push(chunk, take);
    decoder.end(take);
    return { events, error: { code: "none", line: 0 } };
  } catch (error) {
    if (!isTurnError(error)) throw error;
    return { events, error: { code: error.code, line: Number(/\bline (\d+)/i.exec(error.message)?.[1]) } };
  }
}

function compare(ours: unknown, reference: unknown, what: string): void {
  const [one, other] = [JSON.stringify(ours), JSON.stringify(reference)];
  if (one !== other) throw new Error(`The ${what} differ from the reference's:\n${one}\n${other}`);
}

function randomDocument(format: WireFormat, random: Random): Uint8Array {
  const encode = format === "sse" ? encodeSse : encodeNdjson;
  let text = random.chance(0.1) ? "\ufeff" : "";
  for (let event = random.below(6); event >= 0; event--) {
    const plain = { type: random.pick(["status", "result", "é日👩"]), data: { n: random.below(100) } };
    text += encode(random.chance(0.3) ? randomEvent(random) : plain);
    if (random.chance(0.1)) text += random.pick(["\n", "\r\n", " \n", format === "sse" ? ": hi\n" : "\t\n"]);
  }
  return utf8(random.chance(0.2) ? text.replaceAll("\n", random.pick(["\r\n", "\r"])) : text);
}

const STRUCTURE: readonly (string | readonly number[])[] = [
  ...'\n|\r|\r\n|\n\n|{|}|[|]|"|\\|:|,|data:|data: |id: 1\n|event: x\n|null|\0|\ufeff'.split("|"),
  '{"type":"x"}\n',
  'data: {"type":"x"}\n\n',
  "[".repeat(20),
  '{"a":'.repeat(15),
  "x".repeat(300),
  ...HOSTILE_TEXTS,
  [0xff],
  [0xc3],
  [0xe6, 0x97],
  [0xf0, 0x9f, 0x91],
  [0xed, 0xa0, 0x80],
  [0x80],
];

/** One to four kinds of damage, or none. */
function mutate(document: Uint8Array, format: WireFormat, random: Random): Uint8Array {
  let bytes = document;
  for (let times = random.below(5); times > 0; times--) {
    const at = random.below(bytes.length + 1);
    const upTo = Math.min(bytes.length, at + random.below(20));
    switch (random.below(7)) {
      case 0: // A flipped bit.
        bytes = bytes.map((byte, index) => (index === at ? byte ^ (1 << random.below(8)) : byte));
        break;
      case 1: // Cut off.
        bytes = bytes.subarray(0, at);
        break;
      case 2: // A piece lost.
        bytes = concat(bytes.subarray(0, at), bytes.subarray(upTo));
        break;
      case 3: // A piece twice.
        bytes = concat(bytes.subarray(0, upTo), bytes.subarray(at));
        break;
      case 4: // Something of the wire's own put in.
        bytes = concat(bytes.subarray(0, at), random.pick(STRUCTURE), bytes.subarray(at));
        break;
      case 5: {
        // The end of another document.
        const other = randomDocument(format, random);
        bytes = concat(bytes.subarray(0, at), other.subarray(random.below(other.length)));
        break;
      }
      default: // A byte of any value.
        bytes = concat(bytes.subarray(0, at), [random.below(256)], bytes.subarray(at));
    }
  }
  return bytes;
}
