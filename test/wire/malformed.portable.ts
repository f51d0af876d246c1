import {
  createNdjsonDecoder,
  createSseDecoder,
  type DecoderLimits,
  type TurnEvent,
  type WireFormat,
} from "../../src/wire/index.ts";
import { concat, decodeChunks, FORMATS, messageOf } from "../support/decode-chunks.ts";
import type { PortableSuite } from "../support/test-api.ts";

const LIMITS: DecoderLimits = { maxEventBytes: 200, maxDepth: 10 };

/** Each kind of line that is no event, and what the error says of it. */
const BAD: readonly (readonly [name: string, json: string | Uint8Array, says: RegExp])[] = [
  ["not JSON", "not json", /not json/],
  ["half of JSON", '{"type":"a"', /it reads "\{/],
  ["two events on a line", '{"type":"a"}{"type":"b"}', /it reads/],
  ["a number", "42", /must be an object, got 42/],
  ["null", "null", /got null/],
  ["a text", '"type"', /got "type"/],
  ["an array", '[{"type":"a"}]', /must be an object, got an array/],
  ["no type", '{"data":{}}', /type must be a string.*undefined/],
  ["an empty type", '{"type":""}', /got ""/],
  ["a type that is no text", '{"type":7}', /got 7/],
  ["an id that is no text", '{"type":"a","id":7}', /id must be a string, got 7/],
  ["a null id", '{"type":"a","id":null}', /id must be a string, got null/],
  ["a type that is only inherited", '{"__proto__":{"type":"a"}}', /type must be a string/],
  ["bytes that are no UTF-8", concat('{"type":"', [0xff, 0xfe], '"}'), /not UTF-8/],
  ["a surrogate as UTF-8", concat('{"type":"', [0xed, 0xa0, 0x80], '"}'), /not UTF-8/],
  ["an overlong character", concat('{"type":"', [0xc0, 0xaf], '"}'), /not UTF-8/],
  ["too long", `{"type":"${"x".repeat(300)}"}`, /longer than/],
  ["too deep", `{"type":"a","data":${"[".repeat(10)}${"]".repeat(10)}}`, /nests deeper than 10 levels/],
];

const suite: PortableSuite = ({ describe, it, expect }) => {
  for (const format of FORMATS) {
    describe(`${format}: a malformed event`, () => {
      for (const [name, json, says] of BAD) {
        it(`${name}: the events before it, then an error that names its line, and nothing after`, () => {
          const good = [1, 2, 3].map((index) => wrap(format, `{"type":"good${index}"}`));
          const bytes = concat(...good, wrap(format, json), wrap(format, '{"type":"after"}'));
          const { events, error } = decodeChunks(format, [bytes], LIMITS);
          expect(events.map(({ type }) => type)).toEqual(["good1", "good2", "good3"]);
          expect(error).toMatchObject({ name: "TurnError", code: "malformed-event", retryable: false });
          expect(messageOf(error)).toMatch(says);
          // Each good event takes one line of NDJSON, and two of SSE.
          expect(messageOf(error)).toMatch(format === "ndjson" ? /^Line 4 / : /(^Line|^The frame at line) 7 /);
        });
      }

      it("leaves the decoder failed: the same error again, whatever comes", () => {
        const decoder = format === "sse" ? createSseDecoder() : createNdjsonDecoder();
        const events: TurnEvent[] = [];
        const take = (event: TurnEvent): void => void events.push(event);
        const first = caught(() => decoder.push(concat(wrap(format, "nope")), take));
        expect(first).toMatchObject({ code: "malformed-event" });
        expect(caught(() => decoder.push(concat(wrap(format, '{"type":"a"}')), take))).toBe(first);
        expect(caught(() => decoder.end(take))).toBe(first);
        expect(events).toEqual([]);
      });

      it("is shown as a clipped sample, not whole", () => {
        const secret = "x".repeat(5000);
        const { error } = decodeChunks(format, [concat(wrap(format, `nope ${secret}`))]);
        expect(messageOf(error)).toMatch(/it reads "nope x+… \(\d+ more\)"$/);
        expect(messageOf(error).length).toBeLessThan(500);
      });
    });

    describe(`${format}: bytes that end inside an event`, () => {
      for (const cut of ['{"type":"a"', '{"type":"a","data":{"x":[1', '{"type":"', "{", "nul"]) {
        it(`are truncated, not malformed: ${cut}`, () => {
          const { events, error } = decodeChunks(format, [concat(wrap(format, '{"type":"good"}'), open(format, cut))]);
          expect(events).toEqual([{ type: "good" }]);
          expect(error).toMatchObject({ code: "truncated-stream", retryable: true });
          expect(messageOf(error)).toMatch(format === "ndjson" ? /Line 2 / : /line 3 /);
        });
      }

      it("are truncated when they end inside a character", () => {
        for (const rest of [[0xc3], [0xe6, 0x97], [0xf0, 0x9f, 0x91]]) {
          const { error } = decodeChunks(format, [concat(open(format, '{"type":"'), rest)]);
          expect(error).toMatchObject({ code: "truncated-stream" });
        }
      });
    });

    it(`${format}: names of the language itself are data like any other`, () => {
      const json =
        '{"type":"a","__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},' +
        '"data":{"__proto__":{"polluted":1},"toString":1,"hasOwnProperty":2}}';
      const { events, error } = decodeChunks(format, [concat(wrap(format, json))]);
      expect(error).toBeUndefined();
      expect(JSON.stringify(events)).toBe(`[${json}]`);
      expect((events[0] as { polluted?: unknown }).polluted).toBeUndefined();
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
      expect(Object.getPrototypeOf(events[0]?.data)).toBe(Object.prototype);
    });
  }

  it("a chunk that is no bytes is refused", () => {
    for (const chunk of ["text", undefined, null, 5, [1, 2]]) {
      expect(() => createNdjsonDecoder().push(chunk as unknown as Uint8Array, () => undefined)).toThrow(TypeError);
      expect(() => createSseDecoder().push(chunk as unknown as Uint8Array, () => undefined)).toThrow(TypeError);
    }
  });
};

/** JSON as an event of the wire, its end included. */
function wrap(format: WireFormat, json: string | Uint8Array): Uint8Array {
  return concat(open(format, json), format === "sse" ? "\n\n" : "\n");
}

function open(format: WireFormat, json: string | Uint8Array): Uint8Array {
  return concat(format === "sse" ? "data: " : "", json);
}

function caught(body: () => void): unknown {
  try {
    body();
    return undefined;
  } catch (error) {
    return error;
  }
}

export default suite;
