import {
  createNdjsonDecoder,
  createSseDecoder,
  decodeStream,
  encodeNdjson,
  encodeSse,
  MAX_EVENT_BYTES,
  MAX_EVENT_DEPTH,
  stringifyEvent,
  type WireFormat,
} from "../../src/wire/index.ts";
import { concat, cutAt, type Decoded, decodeChunks, FORMATS, utf8 } from "../support/decode-chunks.ts";
import type { PortableSuite } from "../support/test-api.ts";

const suite: PortableSuite = ({ describe, it, expect }) => {
  for (const format of FORMATS) {
    describe(`${format}: maxEventBytes`, () => {
      const maxEventBytes = 100;

      for (const [name, letter] of [
        ["one byte", "x"],
        ["two bytes", "é"],
        ["three bytes", "日"],
        ["four bytes", "👩"],
      ] as const) {
        it(`is exact, counted in bytes, with characters of ${name}`, () => {
          for (const size of [maxEventBytes - 1, maxEventBytes]) {
            expect(inEveryHalf(format, eventOf(size, letter), { maxEventBytes }, 1)).toEqual([]);
          }
          const said = inEveryHalf(format, eventOf(maxEventBytes + 1, letter), { maxEventBytes }, 0);
          expect(said).toEqual(["malformed-event"]);
        });
      }

      it("lets the same event through as the last, without its line end", () => {
        const bytes = concat(format === "sse" ? "data: " : "", eventOf(maxEventBytes, "x"));
        expect(decodeChunks(format, [bytes], { maxEventBytes }).error).toBeUndefined();
      });

      it("stops a line that never ends before it is kept", () => {
        const decoder = format === "sse" ? createSseDecoder({ maxEventBytes }) : createNdjsonDecoder({ maxEventBytes });
        // A line of SSE holds its field's name too.
        const most = maxEventBytes + (format === "sse" ? "data: ".length : 0);
        decoder.push(utf8("x".repeat(most)), () => undefined);
        expect(() => decoder.push(utf8("x"), () => undefined)).toThrow(/longer than/);
      });
    });

    it(`${format}: maxDepth is exact, and brackets in texts do not count`, () => {
      const deep = (levels: number): string =>
        `{"type":"a[[[[{{{{\\"[[","data":${"[".repeat(levels - 1)}${"]".repeat(levels - 1)}}`;
      for (const maxDepth of [2, 3, 10, 256]) {
        expect(decodeChunks(format, [frame(format, deep(maxDepth))], { maxDepth }).error).toBeUndefined();
        const { error } = decodeChunks(format, [frame(format, deep(maxDepth + 1))], { maxDepth });
        expect(error).toMatchObject({ code: "malformed-event" });
      }
    });

    it(`${format}: limits that are none are refused at once`, () => {
      const create = format === "sse" ? createSseDecoder : createNdjsonDecoder;
      for (const bad of [0, -1, 1.5, NaN, Infinity, "5" as unknown as number]) {
        expect(() => create({ maxEventBytes: bad })).toThrow(RangeError);
        expect(() => create({ maxDepth: bad })).toThrow(RangeError);
        expect(() => decodeStream(new ReadableStream(), format, { maxDepth: bad })).toThrow(RangeError);
      }
    });
  }

  it("sse: a frame of many lines is counted whole, in bytes", () => {
    // Four lines of 20 bytes and the three line ends between them.
    const lines = (last: string): Uint8Array =>
      concat(
        `data: {"type":"${"é".repeat(5)}",\n`,
        `data: "data":\ndata: {"x":"${"é".repeat(20)}"\ndata: }}${last}\n\n`,
      );
    const size = new TextEncoder().encode(`{"type":"${"é".repeat(5)}",\n"data":\n{"x":"${"é".repeat(20)}"\n}}`).length;
    expect(decodeChunks("sse", [lines("")], { maxEventBytes: size }).error).toBeUndefined();
    expect(decodeChunks("sse", [lines(" ")], { maxEventBytes: size }).error).toMatchObject({ code: "malformed-event" });
  });

  it("sse: lines without end are not kept beyond the limit", () => {
    const decoder = createSseDecoder({ maxEventBytes: 100 });
    const push = (): void => decoder.push(utf8("data: x\n"), () => undefined);
    for (let line = 0; line < 50; line++) push();
    expect(push).toThrow("The frame at line 1 is longer than 100 bytes");
  });

  describe("stringifyEvent", () => {
    it("writes nothing that a reader with the default limits refuses", () => {
      const nested = (levels: number): unknown => (levels === 0 ? 1 : { x: nested(levels - 1) });
      const event = (levels: number) => ({ type: "a", data: nested(levels) as Record<string, unknown> });
      expect(decodeChunks("ndjson", [utf8(encodeNdjson(event(MAX_EVENT_DEPTH - 1)))]).error).toBeUndefined();
      expect(() => encodeNdjson(event(MAX_EVENT_DEPTH))).toThrow(RangeError);
      expect(() => encodeSse(event(MAX_EVENT_DEPTH))).toThrow(RangeError);

      const text = (bytes: number) => ({
        type: "a",
        data: { x: "x".repeat(bytes - '{"type":"a","data":{"x":""}}'.length) },
      });
      expect(stringifyEvent(text(MAX_EVENT_BYTES)).length).toBe(MAX_EVENT_BYTES);
      expect(() => stringifyEvent(text(MAX_EVENT_BYTES + 1))).toThrow(RangeError);
    });

    it("refuses what JSON cannot say", () => {
      const cycle: Record<string, unknown> = {};
      cycle["self"] = cycle;
      expect(() => stringifyEvent({ type: "a", data: cycle })).toThrow(TypeError);
      expect(() => stringifyEvent({ type: "a", data: { n: 1n } })).toThrow(TypeError);
      expect(() => stringifyEvent({ type: "a", toJSON: () => undefined } as never)).toThrow(TypeError);
    });
  });
};

/** An event whose JSON takes so many bytes, as many of them as fit in the given letter. */
function eventOf(bytes: number, letter: string): string {
  const room = bytes - '{"type":""}'.length;
  const letters = letter.repeat(Math.floor(room / utf8(letter).length));
  return `{"type":"${letters}${"x".repeat(room - utf8(letters).length)}"}`;
}

function frame(format: WireFormat, json: string): Uint8Array {
  return utf8(format === "sse" ? `data: ${json}\n\n` : `${json}\n`);
}

/** The codes of errors over all cuts into two, each code once; an event more or less is one too. */
function inEveryHalf(format: WireFormat, json: string, limits: { maxEventBytes: number }, events: number): unknown[] {
  const bytes = frame(format, json);
  const said = new Set<unknown>();
  for (let cut = 0; cut <= bytes.length; cut++) {
    const decoded: Decoded = decodeChunks(format, cutAt(bytes, cut), limits);
    if (decoded.error !== undefined) said.add((decoded.error as { code?: unknown }).code ?? decoded.error);
    if (decoded.events.length !== events) said.add(`${decoded.events.length} events`);
  }
  return [...said];
}

export default suite;
