import { encodeNdjson, encodeSse, type TurnEvent, type WireFormat } from "../../src/wire/index.ts";
import {
  concat,
  cutAt,
  cutRandomly,
  decodeChunks,
  FORMATS,
  messageOf,
  showDecoded,
  utf8,
} from "../support/decode-chunks.ts";
import { forSeeds, type Random } from "../support/random.ts";
import { randomEvent } from "../support/random-json.ts";
import type { PortableSuite } from "../support/test-api.ts";

interface Case {
  readonly name: string;
  readonly format: WireFormat;
  readonly bytes: Uint8Array;
  /** The types of the events that must come out. */
  readonly types: readonly string[];
  readonly error?: string;
}

const bom = new Uint8Array([0xef, 0xbb, 0xbf]);

const CASES: readonly Case[] = [
  ndjson("LF", '{"type":"a"}\n{"type":"b"}\n', "a b"),
  ndjson("CRLF", '{"type":"a"}\r\n{"type":"b"}\r\n', "a b"),
  ndjson("a last line without its end", '{"type":"a"}\n{"type":"b"}', "a b"),
  ndjson("a last line that ends with half a CRLF", '{"type":"a"}\r', "a"),
  ndjson("blank lines", '\n \n{"type":"a"}\n\r\n\t\n{"type":"b"}\n\n', "a b"),
  ndjson("characters of two, three and four bytes", '{"type":"é日👩"}\n{"type":"é日👩"}', "é日👩 é日👩"),
  ndjson("line separators of other standards", '{"type":"\u2028\u0085"}\n', "\u2028\u0085"),
  ndjson("a byte-order mark at the start", concat(bom, '{"type":"a"}\n{"type":"b"}\n'), "a b"),
  ndjson("a byte-order mark and a blank line", concat(bom, '\n{"type":"a"}\n'), "a"),
  ndjson("a byte-order mark on line 2", concat('{"type":"a"}\n', bom, '{"type":"b"}\n'), "a", "Line 2"),
  ndjson("a byte-order mark alone on line 2", concat('{"type":"a"}\n', bom, "\n"), "a", "Line 2"),
  ndjson("two byte-order marks", concat(bom, bom, '{"type":"a"}\n'), "", "Line 1"),
  ndjson("a byte-order mark inside a text", '{"type":"a\ufeffb"}\n', "a\ufeffb"),
  ndjson("a lone CR, which ends no line", '{"type":"a"}\r{"type":"b"}\n', "", "Line 1"),
  ndjson("a bad line after good ones", '{"type":"a"}\n\nnope\n{"type":"b"}\n', "a", "Line 3"),
  ndjson(
    "bytes that are no UTF-8",
    concat('{"type":"a"}\n{"type":"', [0xc3, 0x28], '"}\n{"type":"b"}\n'),
    "a",
    "Line 2",
  ),
  ndjson("a last line that is cut off", '{"type":"a"}\n{"type":"b', "a", "bytes end"),
  ndjson("a last character that is cut off", concat('{"type":"a"}\n{"type":"', [0xe6, 0x97]), "a", "bytes end"),
  sse("LF", 'data: {"type":"a"}\n\ndata: {"type":"b"}\n\n', "a b"),
  sse("CRLF", 'data: {"type":"a"}\r\n\r\ndata: {"type":"b"}\r\n\r\n', "a b"),
  sse("CR", 'data: {"type":"a"}\r\rdata: {"type":"b"}\r\r', "a b"),
  sse("LF, CR and CRLF mixed", 'data: {"type":"a"}\n\r\ndata: {"type":"b"}\r\rdata:{"type":"c"}\r\n\n', "a b c"),
  sse("a last frame without its end", 'data: {"type":"a"}\n\ndata: {"type":"b"}', "a b"),
  sse("data over several lines", 'data: {"type":\ndata:\ndata: "a"}\n\n', "a"),
  sse(
    "comments, names, ids and unknown fields",
    ':hi\nevent: x\nid: 4\nretry: 1\nfoo\ndata: {"type":"a"}\n\n:\n\n',
    "a",
  ),
  sse("frames without data", 'id: 4\n\nevent: x\n\n\n\ndata: {"type":"a"}\n\n', "a"),
  sse("a byte-order mark at the start", concat(bom, 'data: {"type":"a"}\n\n'), "a"),
  sse(
    "a byte-order mark on a later line, which is another field",
    concat('data: {"type":"a"}\n', bom, "data: x\n\n"),
    "a",
  ),
  sse("characters of two, three and four bytes", 'data: {"type":"é日👩"}\r\n\r\n', "é日👩"),
  sse("a bad frame after a good one", 'data: {"type":"a"}\n\ndata: nope\n\ndata: {"type":"b"}\n\n', "a", "line 3"),
  sse("bytes that are no UTF-8", concat('data: {"type":"a"}\r\n\r\n:', [0xff], "\r\n"), "a", "Line 3"),
  sse("a last frame that is cut off", 'data: {"type":"a"}\n\ndata: {"type":"b', "a", "bytes end"),
  sse("a last character that is cut off", concat('data: {"type":"', [0xf0, 0x9f, 0x91]), "", "bytes end"),
];

const suite: PortableSuite = ({ describe, it, expect }) => {
  for (const { name, format, bytes, types, error } of CASES) {
    it(`${format}: ${name}, whatever the chunks`, () => {
      const whole = decodeChunks(format, [bytes]);
      expect(whole.events.map(({ type }) => type)).toEqual(types);
      expect(messageOf(whole.error)).toMatch(new RegExp(error ?? "^$"));
      const expected = showDecoded(whole);
      const empty = new Uint8Array(0);
      for (let first = 0; first <= bytes.length; first++) {
        const [head = empty, tail = empty] = cutAt(bytes, first);
        expect(showDecoded(decodeChunks(format, [head, empty, tail, empty])), `cut at ${first}`).toBe(expected);
        for (let second = first; second <= bytes.length; second++) {
          const chunks = cutAt(bytes, first, second);
          expect(showDecoded(decodeChunks(format, chunks)), `cut at ${first} and ${second}`).toBe(expected);
        }
      }
      const single = Array.from(bytes, (byte) => new Uint8Array([byte]));
      expect(showDecoded(decodeChunks(format, single)), "byte by byte").toBe(expected);
    });
  }

  describe("random events in random chunks", () => {
    for (const format of FORMATS) {
      it(`${format}: come out as they went in`, () =>
        forSeeds(150, (random) => {
          const events = Array.from({ length: random.below(30) }, () => randomEvent(random));
          const bytes = utf8(events.map((event) => write(format, event, random)).join(""));
          const decoded = decodeChunks(format, cutRandomly(bytes, random, 1 + random.below(60)));
          expect(decoded.error).toBeUndefined();
          // Halves of surrogate pairs are escaped in JSON, and so survive the bytes.
          expect(JSON.stringify(decoded.events)).toBe(JSON.stringify(events));
        }));
    }
  });
};

/** An event as bytes, in one of the ways that a sender may choose. */
function write(format: WireFormat, event: TurnEvent, random: Random): string {
  if (format === "ndjson") {
    const line = encodeNdjson(event);
    return random.chance(0.3) ? `${line.slice(0, -1)}\r\n${random.chance(0.5) ? "\r\n" : ""}` : line;
  }
  const frame = encodeSse(event);
  const comment = random.chance(0.3) ? ": keep-alive\n" : "";
  // JSON escapes line ends in its texts, so that all of these end a line of the frame.
  return `${comment}${frame}`.replaceAll("\n", random.pick(["\n", "\r\n", "\r"]));
}

function ndjson(name: string, text: string | Uint8Array, types: string, error?: string): Case {
  return toCase("ndjson", name, text, types, error);
}

function sse(name: string, text: string | Uint8Array, types: string, error?: string): Case {
  return toCase("sse", name, text, types, error);
}

function toCase(format: WireFormat, name: string, text: string | Uint8Array, types: string, error?: string): Case {
  const split = types === "" ? [] : types.split(" ");
  return { name, format, bytes: concat(text), types: split, ...(error === undefined ? {} : { error }) };
}

export default suite;
