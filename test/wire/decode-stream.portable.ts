import { decodeStream, type TurnEvent, type WireFormat } from "../../src/wire/index.ts";
import { createByteSource } from "../support/byte-source.ts";
import { FORMATS } from "../support/decode-chunks.ts";
import type { PortableSuite } from "../support/test-api.ts";

const suite: PortableSuite = ({ describe, it, expect }) => {
  for (const format of FORMATS) {
    describe(`decodeStream of ${format}`, () => {
      const line = (json: string): string => (format === "sse" ? `data: ${json}\n\n` : `${json}\n`);

      it("yields the events of all chunks, and leaves the stream unlocked and over", async () => {
        const source = createByteSource(
          [line('{"type":"a"}') + line('{"type":"b"}').slice(0, 9), line('{"type":"b"}').slice(9)],
          "end",
        );
        expect(await read(source.stream, format)).toEqual({ types: ["a", "b"] });
        expect(source.stream.locked).toBe(false);
        expect(source.cancelled()).toBe(false);
      });

      it("cancels its source when the loop is left early", async () => {
        const source = createByteSource([line('{"type":"a"}'), line('{"type":"b"}')], "hang");
        for await (const { type } of decodeStream(source.stream, format)) if (type === "a") break;
        expect(source.cancelled()).toBe(true);
        expect(source.stream.locked).toBe(false);
      });

      it("yields the good events of a chunk before the error, then cancels its source", async () => {
        const source = createByteSource(
          [line('{"type":"a"}') + line('{"type":"b"}') + line("nope"), line('{"type":"c"}')],
          "hang",
        );
        const { types, error } = await read(source.stream, format);
        expect(types).toEqual(["a", "b"]);
        expect(error).toMatchObject({ code: "malformed-event" });
        expect(source.cancelled()).toBe(true);
      });

      it("passes on what broke the stream, after the events that came", async () => {
        const source = createByteSource([line('{"type":"a"}')], new Error("socket closed"));
        const { types, error } = await read(source.stream, format);
        expect(types).toEqual(["a"]);
        expect(String(error)).toMatch("socket closed");
      });

      it("says truncated-stream for an event that is cut off", async () => {
        const source = createByteSource([`${line('{"type":"a"}')}${line('{"type":"b"}').slice(0, 10)}`], "end");
        const { types, error } = await read(source.stream, format);
        expect(types).toEqual(["a"]);
        expect(error).toMatchObject({ code: "truncated-stream" });
      });

      it("is not hurt by a source whose cancel fails", async () => {
        const source = createByteSource([line('{"type":"a"}')], "hang", {
          cancel: () => Promise.reject(new Error("no")),
        });
        for await (const _ of decodeStream(source.stream, format)) break;
        expect(source.cancelled()).toBe(true);
      });
    });
  }

  it("decodeStream refuses misuse at once", async () => {
    const { stream } = createByteSource([], "end");
    expect(() => decodeStream(stream, "xml" as WireFormat)).toThrow(TypeError);
    expect(() => decodeStream(stream, "ndjson", { maxDepth: 0 })).toThrow(RangeError);
    const reader = stream.getReader();
    expect(() => decodeStream(stream, "ndjson")).toThrow(/locked/);
    await reader.cancel();
  });
};

async function read(
  stream: ReadableStream<Uint8Array>,
  format: WireFormat,
): Promise<{ types: string[]; error?: unknown }> {
  const events: TurnEvent[] = [];
  const types = (): string[] => events.map(({ type }) => type);
  try {
    for await (const event of decodeStream(stream, format)) events.push(event);
    return { types: types() };
  } catch (error) {
    return { types: types(), error };
  }
}

export default suite;
