import { type SseFrame, SseFrameReader } from "../../src/wire/index.ts";
import { concat, cutAt, utf8 } from "../support/decode-chunks.ts";
import type { PortableSuite } from "../support/test-api.ts";

const suite: PortableSuite = ({ it, expect }) => {
  const read = (...chunks: readonly (string | Uint8Array)[]): SseFrame[] => {
    const reader = new SseFrameReader({ maxFrameBytes: 1000 });
    const frames: SseFrame[] = [];
    for (const chunk of chunks) reader.push(concat(chunk), (frame) => frames.push(frame));
    const last = reader.end();
    return last === undefined ? frames : [...frames, last];
  };

  it("SseFrameReader reads fields as the HTML standard has them", () => {
    const cases: readonly (readonly [string, readonly SseFrame[]])[] = [
      ["data: x\n\n", [{ data: "x", line: 1 }]],
      ["data:x\n\n", [{ data: "x", line: 1 }]],
      ["data:  x \n\n", [{ data: " x ", line: 1 }]],
      ["data\n\n", [{ data: "", line: 1 }]],
      ["data:\n\n", [{ data: "", line: 1 }]],
      ["data: a\ndata: b\ndata\ndata: c\n\n", [{ data: "a\nb\n\nc", line: 1 }]],
      ["data: a:b: c\n\n", [{ data: "a:b: c", line: 1 }]],
      ["event: e\nid: 7\ndata: x\n\n", [{ data: "x", event: "e", id: "7", line: 1 }]],
      ["data: x\nid\nevent\n\n", [{ data: "x", event: "", id: "", line: 1 }]],
      ["id: 1\nid: 2\nevent: a\nevent: b\ndata: x\n\n", [{ data: "x", event: "b", id: "2", line: 1 }]],
      ["id: 1\0\ndata: x\n\n", [{ data: "x", line: 1 }]],
      ["Data: x\n data: y\ndatas: z\nretry: 5\n\n", []],
      [": comment\n:\n::\ndata: x\n: in between\n\n", [{ data: "x", line: 4 }]],
      ["event: e\nid: 1\n\ndata: x\n\n", [{ data: "x", line: 4 }]],
      [
        "\n\n\ndata: x\n\n\n\ndata: y\n\n",
        [
          { data: "x", line: 4 },
          { data: "y", line: 8 },
        ],
      ],
      ["data: x", [{ data: "x", line: 1 }]],
      ["data: x\n", [{ data: "x", line: 1 }]],
      ["event: e\n", []],
      ["", []],
      ["\ufeffdata: x\n\n", [{ data: "x", line: 1 }]],
    ];
    for (const [text, frames] of cases) {
      expect(read(text), text).toStrictEqual(frames);
      // Whatever ends the lines, and however they are cut.
      for (const end of ["\r", "\r\n"]) {
        const bytes = utf8(text.replaceAll("\n", end));
        for (let cut = 0; cut <= bytes.length; cut++) {
          expect(read(...cutAt(bytes, cut)), `${JSON.stringify(text)}, cut at ${cut}`).toStrictEqual(frames);
        }
      }
    }
  });

  it("SseFrameReader reads frames whose data are no events", () => {
    expect(read("data: [DONE]\n\n")).toEqual([{ data: "[DONE]", line: 1 }]);
  });

  it("SseFrameReader has whole lines rewritten, wherever the bytes were cut", () => {
    const bytes = concat(
      "id: hush\ndata: a hush é\ndata: hu\ndata: sh\n\n: hush\ndata: hushhush\r\n\r\ndata: the end: hush",
    );
    for (let at = 0; at <= bytes.length; at++) {
      const reader = new SseFrameReader({ maxFrameBytes: 1000, rewrite: (text) => text.replaceAll("hush", "-") });
      const frames: SseFrame[] = [];
      for (const chunk of [bytes.subarray(0, at), bytes.subarray(at)])
        reader.push(chunk, (frame) => frames.push(frame));
      expect([...frames, reader.end()], `cut at ${at}`).toEqual([
        { data: "a - é\nhu\nsh", id: "-", line: 1 },
        { data: "--", line: 7 },
        { data: "the end: -", line: 9 },
      ]);
    }
  });

  it("SseFrameReader refuses a frame above its limit and takes one at it", () => {
    const frames: SseFrame[] = [];
    const push = (text: string): void =>
      new SseFrameReader({ maxFrameBytes: 10 }).push(utf8(text), (frame) => frames.push(frame));
    push("data: 0123456789\n\n");
    push("data:0123456789\n\n");
    push("data: 01234\ndata: 6789\n\n");
    expect(frames.map(({ data }) => data)).toEqual(["0123456789", "0123456789", "01234\n6789"]);
    for (const text of [
      "data: 0123456789x\n\n",
      "data:0123456789x\n\n",
      "data: 01234\ndata: 6789x\n\n",
      "data:éééééé\n\n",
    ]) {
      expect(() => push(text), text).toThrow("is longer than");
    }
  });
};

export default suite;
