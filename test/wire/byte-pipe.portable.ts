import { type BytePipe, createBytePipe } from "../../src/wire/index.ts";
import { forSeeds } from "../support/random.ts";
import type { PortableSuite } from "../support/test-api.ts";

const suite: PortableSuite = ({ describe, it, expect }) => {
  describe("createBytePipe", () => {
    it("delivers all text in order, whatever the pace of writer and reader", () =>
      forSeeds(25, async (random) => {
        const pipe = createBytePipe({ maxBufferedBytes: random.pick([1, 50, 5000, 1e6]) });
        const reading = readAll(pipe);
        let written = "";
        for (let line = 0; line < 100; line++) {
          const text = random.pick(["x", "é", "日本", "👩‍👩‍👧", "y".repeat(20_000)]).repeat(1 + random.below(5));
          written += text;
          const room = pipe.write(text);
          if (room !== undefined) await room;
          if (random.chance(0.2)) await macrotask();
          else if (random.chance(0.5)) await Promise.resolve();
        }
        pipe.close();
        expect((await reading) === written).toBe(true);
      }));

    it("sends what is ready at once as one chunk", async () => {
      const pipe = createBytePipe({ maxBufferedBytes: 1e6 });
      const reader = pipe.readable.getReader();
      const first = reader.read();
      for (let line = 0; line < 100; line++) {
        void pipe.write("line\n");
        await Promise.resolve();
      }
      expect(text(await first)).toBe("line\n".repeat(100));
      for (let line = 0; line < 100; line++) void pipe.write("more\n");
      expect(text(await reader.read())).toBe("more\n".repeat(100));
    });

    it("sends what is ready alone before the next macrotask", async () => {
      const pipe = createBytePipe({ maxBufferedBytes: 1e6 });
      const reader = pipe.readable.getReader();
      for (const line of ["a", "b", "c"]) {
        let got = "";
        void reader.read().then((result) => (got = text(result)));
        await macrotask();
        void pipe.write(line);
        await macrotask();
        expect(got).toBe(line);
      }
    });

    it("keeps at most its bound and one write more, and asks the writer to wait", async () => {
      const pipe = createBytePipe({ maxBufferedBytes: 1000 });
      for (let size = 0; size < 1000; size += 100) expect(pipe.write("x".repeat(100))).toBeUndefined();
      expect(pipe.full).toBe(false);
      const room = pipe.write("x".repeat(100));
      expect(room).toBeInstanceOf(Promise);
      expect(pipe.full).toBe(true);
      let resumed = false;
      void room?.then(() => (resumed = true));
      await macrotask();
      expect(resumed).toBe(false);
      const reader = pipe.readable.getReader();
      await reader.read();
      await room;
      expect(pipe.full).toBe(false);
    });

    it("takes nothing from the writer before somebody reads", async () => {
      const pipe = createBytePipe({ maxBufferedBytes: 10 });
      const room = pipe.write("x".repeat(11));
      let resumed = false;
      void room?.then(() => (resumed = true));
      await macrotask();
      expect(resumed).toBe(false);
      expect(pipe.full).toBe(true);
      await pipe.readable.cancel();
    });

    it("drops everything once the reader has left, and never makes the writer wait", async () => {
      let left = 0;
      const pipe = createBytePipe({ maxBufferedBytes: 10, onLeave: () => left++ });
      const room = pipe.write("x".repeat(100));
      await pipe.readable.cancel();
      await room;
      expect(left).toBe(1);
      expect(pipe.write("x".repeat(1e6))).toBeUndefined();
      expect(pipe.full).toBe(false);
      pipe.close();
      pipe.close();
      expect(left).toBe(1);
    });

    it("hands over what is left after close, then the end; later text is dropped", async () => {
      const pipe = createBytePipe({ maxBufferedBytes: 1e6 });
      void pipe.write("left");
      pipe.close();
      void pipe.write("late");
      expect(pipe.full).toBe(false);
      expect(await readAll(pipe)).toBe("left");
    });

    it("lets a writer go that waited for room when the pipe was closed", async () => {
      const pipe = createBytePipe({ maxBufferedBytes: 10 });
      const room = pipe.write("x".repeat(50_000));
      pipe.close();
      await room;
      expect(await readAll(pipe)).toBe("x".repeat(50_000));
    });

    it("ends for a reader that waits already, and for one that comes later", async () => {
      const waiting = createBytePipe({ maxBufferedBytes: 10 });
      const end = waiting.readable.getReader().read();
      waiting.close();
      expect((await end).done).toBe(true);
      const later = createBytePipe({ maxBufferedBytes: 10 });
      later.close();
      expect(await readAll(later)).toBe("");
    });

    it("keeps characters of several bytes whole in its chunks", async () => {
      const pipe = createBytePipe({ maxBufferedBytes: 1e7 });
      for (let line = 0; line < 2000; line++) void pipe.write("👩‍👩‍👧日é");
      pipe.close();
      const strict = new TextDecoder("utf-8", { fatal: true });
      let all = "";
      for await (const chunk of chunks(pipe)) all += strict.decode(chunk);
      expect(all === "👩‍👩‍👧日é".repeat(2000)).toBe(true);
    });
  });
};

function macrotask(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

function text({ value }: { readonly value?: Uint8Array | undefined }): string {
  return new TextDecoder().decode(value);
}

async function* chunks(pipe: BytePipe): AsyncGenerator<Uint8Array> {
  const reader = pipe.readable.getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) yield read.value;
}

async function readAll(pipe: BytePipe): Promise<string> {
  const utf8 = new TextDecoder();
  let all = "";
  for await (const chunk of chunks(pipe)) all += utf8.decode(chunk, { stream: true });
  return all + utf8.decode();
}

export default suite;
