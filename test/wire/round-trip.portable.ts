import { encodeNdjson, encodeSse, sseFrame, stringifyEvent, type TurnEvent } from "../../src/wire/index.ts";
import { decodeChunks, utf8 } from "../support/decode-chunks.ts";
import { forSeeds } from "../support/random.ts";
import { HOSTILE_TEXTS, randomEvent } from "../support/random-json.ts";
import type { PortableSuite } from "../support/test-api.ts";

const suite: PortableSuite = ({ it, expect }) => {
  it("any event of JSON comes back from both wires as it was", () =>
    forSeeds(2000, (random) => {
      const event = randomEvent(random);
      const json = JSON.stringify(event);
      for (const [format, text] of [
        ["ndjson", encodeNdjson(event)],
        ["sse", encodeSse(event)],
      ] as const) {
        const { events, error } = decodeChunks(format, [utf8(text)]);
        expect(error).toBeUndefined();
        expect(JSON.stringify(events)).toBe(`[${json}]`);
      }
    }));

  it("hostile texts survive as type, id, key and value", () => {
    for (const text of HOSTILE_TEXTS) {
      const event: TurnEvent = { type: `t${text}`, id: text, data: Object.fromEntries([[text, text]]) };
      for (const [format, encoded] of [
        ["ndjson", encodeNdjson(event)],
        ["sse", encodeSse(event)],
      ] as const) {
        const [back] = decodeChunks(format, [utf8(encoded)]).events;
        expect(back?.type).toBe(event.type);
        expect(back?.id).toBe(text);
        expect(JSON.stringify(back?.data)).toBe(JSON.stringify(event.data));
      }
    }
  });

  it("NDJSON is one line an event", () => {
    expect(encodeNdjson({ type: "a", data: { x: "1\n2\r\n3" } })).toBe('{"type":"a","data":{"x":"1\\n2\\r\\n3"}}\n');
  });

  it("SSE carries the id of a stored event, and no event field", () => {
    expect(encodeSse({ id: "2", type: "a" })).toBe('id: 2\ndata: {"id":"2","type":"a"}\n\n');
    expect(encodeSse({ type: "a" })).toBe('data: {"type":"a"}\n\n');
    const event = { id: "7", type: "a" };
    expect(sseFrame(event, stringifyEvent(event))).toBe(encodeSse(event));
  });

  it("SSE leaves out an id line that would break the frame; the event keeps its id", () => {
    for (const id of ["1\ndata: x", "1\r", "1\n\n", "\0"]) {
      const text = encodeSse({ type: "a", id });
      expect(text).toMatch(/^data: /);
      expect(decodeChunks("sse", [utf8(text)]).events).toEqual([{ type: "a", id }]);
    }
  });
};

export default suite;
