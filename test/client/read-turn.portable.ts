import {
  readTurn,
  type ReadTurnOptions,
  TruncatedStreamError,
  TurnError,
  type TurnEvent,
} from "../../src/client/index.ts";
import { createByteSource } from "../support/byte-source.ts";
import { messageOf } from "../support/decode-chunks.ts";
import type { PortableSuite } from "../support/test-api.ts";

const started = '{"type":"session.run.started","id":"1"}\n';
const text = '{"type":"status","id":"2"}\n';
const completed = '{"type":"session.run.completed","id":"3"}\n';
const turn = ["session.run.started", "status", "session.run.completed"];

const suite: PortableSuite = ({ describe, it, expect }) => {
  describe("readTurn", () => {
    it("reads a response and a stream, NDJSON unless told otherwise", async () => {
      const body = started + text + completed;
      expect(await read(new Response(body))).toEqual({ types: turn });
      expect(await read(ndjson(body))).toEqual({ types: turn });
      expect(await read(createByteSource([body], "end").stream)).toEqual({ types: turn });
    });

    it("reads SSE where the content type says so, whatever its case and parameters", async () => {
      const body = [started, text, completed].map((line) => `data: ${line}\n`).join("");
      for (const type of ["text/event-stream", "text/event-stream; charset=utf-8", "Text/Event-Stream"]) {
        expect(await read(new Response(body, { headers: { "content-type": type } }))).toEqual({ types: turn });
      }
      expect(await read(createByteSource([body], "end").stream, { format: "sse" })).toEqual({ types: turn });
    });

    it("takes the caller's word over the content type", async () => {
      const response = new Response(started + completed, { headers: { "content-type": "text/event-stream" } });
      expect(await read(response, { format: "ndjson" })).toEqual({ types: [turn[0], turn[2]] });
    });

    for (const terminal of ["session.run.completed", "session.run.failed", "session.run.cancelled"]) {
      it(`ends after ${terminal} and cancels a body that goes on`, async () => {
        for (const rest of [[], [text], ["nope\n"], [completed]]) {
          for (const then of ["hang", "end", new Error("socket closed")] as const) {
            const source = createByteSource([started, `{"type":"${terminal}"}\n`, ...rest], then);
            expect(await read(source.stream)).toEqual({ types: [turn[0], terminal] });
            expect(source.cancelled()).toBe(true);
          }
        }
      });
    }

    it("ends after the terminal event though worse follows in the same chunk", async () => {
      for (const rest of ["nope\n", text, "\xff", "{"]) {
        expect(await read(createByteSource([started + completed + rest], "hang").stream)).toEqual({
          types: [turn[0], turn[2]],
        });
      }
    });
  });

  describe("readTurn of a stream without a terminal event", () => {
    const cases: readonly (readonly [name: string, source: () => ReadableStream<Uint8Array>, says: RegExp])[] = [
      ["that ends", () => createByteSource([started, text], "end").stream, /ended without a terminal event/],
      ["that breaks", () => createByteSource([started, text], new Error("socket closed")).stream, /socket closed/],
      [
        "whose last line is cut",
        () => createByteSource([started, text, '{"type":"sess'], "end").stream,
        /inside an event/,
      ],
    ];
    for (const [name, source, says] of cases) {
      it(`${name} is a TruncatedStreamError with the last id`, async () => {
        const { types, error } = await read(source());
        expect(types).toEqual(turn.slice(0, 2));
        expect(error).toBeInstanceOf(TruncatedStreamError);
        expect(error).toBeInstanceOf(TurnError);
        expect(error).toMatchObject({ code: "truncated-stream", retryable: true, lastEventId: "2" });
        expect(messageOf(error)).toMatch(says);
      });
    }

    it("keeps what broke it as the cause", async () => {
      const cause = new Error("socket closed");
      const { error } = await read(createByteSource([], cause).stream);
      expect((error as Error).cause).toBe(cause);
    });

    it("has no lastEventId where no event had an id, and that of the last that had one", async () => {
      const { error } = await read(ndjson('{"type":"status"}\n'));
      expect(error).toBeInstanceOf(TruncatedStreamError);
      expect("lastEventId" in (error as object)).toBe(false);
      const ephemeral = await read(ndjson(`${started}{"type":"session.run.heartbeat"}\n`));
      expect(ephemeral.error).toMatchObject({ lastEventId: "1" });
    });

    it("and without a body is one too", async () => {
      const { error } = await read(new Response(null, { status: 204 }));
      expect(error).toBeInstanceOf(TruncatedStreamError);
      expect(messageOf(error)).toMatch(/no body/);
    });
  });

  describe("readTurn of what is no turn", () => {
    it("passes on a malformed event, which no retry would mend", async () => {
      const source = createByteSource([`${started}nope\n`], "hang");
      const { types, error } = await read(source.stream);
      expect(types).toEqual([turn[0]]);
      expect(error).toMatchObject({ code: "malformed-event", retryable: false });
      expect(source.cancelled()).toBe(true);
    });

    it("keeps to the limits it is given", async () => {
      const { error } = await read(ndjson(started), { maxEventBytes: 10 });
      expect(error).toMatchObject({ code: "malformed-event" });
    });

    it("refuses a page of HTML and lets its connection go", async () => {
      const source = createByteSource(["<html>"], "hang");
      const { error } = await read(
        new Response(source.stream, { headers: { "content-type": "Text/HTML; charset=utf-8" } }),
      );
      expect(error).toMatchObject({ code: "upstream-failed" });
      expect(messageOf(error)).toMatch("text/html");
      expect(source.cancelled()).toBe(true);
    });

    const refusals: readonly (readonly [
      status: number,
      body: string | null,
      code: string,
      retryable: boolean,
      message: string,
    ])[] = [
      [
        409,
        '{"code":"session-busy","detail":"Another turn runs"}',
        "session-busy",
        true,
        "HTTP 409: Another turn runs",
      ],
      [
        409,
        '{"code":"execution-conflict","title":"Other input"}',
        "execution-conflict",
        false,
        "HTTP 409: Other input",
      ],
      [504, '{"code":"hook-timeout","message":"Late"}', "hook-timeout", false, "HTTP 504: Late"],
      [503, '{"code":"closed","retryable":false}', "closed", false, "HTTP 503"],
      [400, '{"code":"toString","detail":"x"}', "invalid-request", false, "HTTP 400: x"],
      [400, null, "invalid-request", false, "HTTP 400"],
      [401, "Who are you?", "unauthorized", false, "HTTP 401"],
      [403, "[]", "forbidden", false, "HTTP 403"],
      [404, "null", "not-found", false, "HTTP 404"],
      [405, '"no"', "method-not-allowed", false, "HTTP 405"],
      [413, "{", "too-large", false, "HTTP 413"],
      [418, '{"detail":7}', "upstream-failed", false, "HTTP 418"],
      [429, "slow down", "rate-limited", true, "HTTP 429"],
      [500, '{"retryable":"yes"}', "upstream-failed", true, "HTTP 500"],
      [502, "<html>Bad gateway</html>", "upstream-failed", true, "HTTP 502"],
      [500, '{"__proto__":{"code":"closed"}}', "upstream-failed", true, "HTTP 500"],
    ];
    for (const [status, body, code, retryable, message] of refusals) {
      it(`tells of a refusal: ${status} ${body ?? "without a body"}`, async () => {
        const { types, error } = await read(new Response(body, { status }));
        expect(types).toEqual([]);
        expect(error).toMatchObject({ name: "TurnError", code, retryable });
        expect(messageOf(error).startsWith(message)).toBe(true);
      });
    }

    it("clips what a refusal says, and reads no more of it than it needs", async () => {
      const long = await read(new Response(JSON.stringify({ detail: "x".repeat(10_000) }), { status: 400 }));
      expect(messageOf(long.error).length).toBeLessThan(600);
      const endless = Array.from({ length: 1000 }, () => "x".repeat(16 * 1024));
      const source = createByteSource(endless, "end");
      expect((await read(new Response(source.stream, { status: 500 }))).error).toMatchObject({
        code: "upstream-failed",
      });
      expect(source.pulls()).toBeLessThan(100);
      expect(source.cancelled()).toBe(true);
    });

    it("waits for a refusal's body only so long", async () => {
      const timers: { ms: number; fire: () => void }[] = [];
      const clock = {
        now: () => 0,
        after(ms: number, fire: () => void) {
          timers.push({ ms, fire });
          return () => undefined;
        },
      };
      const source = createByteSource(['{"detail":"never '], "hang");
      const reading = read(new Response(source.stream, { status: 503 }), { clock });
      // Once the first chunk was taken, the body hangs.
      while (source.pulls() < 2) await new Promise((resolve) => setTimeout(resolve, 0));
      expect(timers.length).toBe(1);
      expect(timers[0]?.ms).toBe(5000);
      timers[0]?.fire();
      expect((await reading).error).toMatchObject({ code: "upstream-failed", retryable: true });
      expect(source.cancelled()).toBe(true);
    });

    it("survives a refusal whose body breaks or cannot be cancelled", async () => {
      const broken = createByteSource(['{"detail"'], new Error("socket closed"));
      expect((await read(new Response(broken.stream, { status: 500 }))).error).toMatchObject({
        code: "upstream-failed",
      });
      const stubborn = createByteSource(['{"detail":"x"}'], "end", { cancel: () => Promise.reject(new Error("no")) });
      expect((await read(new Response(stubborn.stream, { status: 404 }))).error).toMatchObject({ code: "not-found" });
    });
  });

  describe("readTurn", () => {
    it("cancels the body when the loop is left early", async () => {
      const source = createByteSource([started, text, completed], "hang");
      for await (const { type } of readTurn(new Response(source.stream))) if (type === "status") break;
      expect(source.cancelled()).toBe(true);
    });

    it("reads no further than its reader asks", async () => {
      const source = createByteSource([started, text, completed], "end");
      const events = readTurn(source.stream);
      expect(source.pulls()).toBe(0);
      await events.next();
      expect(source.pulls()).toBe(1);
      await events.return?.();
    });

    it("refuses misuse at once", async () => {
      for (const source of [undefined, null, "text", 5, {}, new Uint8Array(3), [], Promise.resolve(new Response(""))]) {
        expect(() => readTurn(source as unknown as Response)).toThrow(TypeError);
      }
      const response = (): Response => new Response(completed);
      expect(() => readTurn(response(), { format: "xml" as "sse" })).toThrow(TypeError);
      expect(() => readTurn(response(), { maxDepth: -1 })).toThrow(RangeError);
      expect(() => readTurn(response(), { maxEventBytes: NaN })).toThrow(RangeError);
      const used = response();
      await used.text();
      expect(() => readTurn(used)).toThrow(TypeError);
      const begun = response();
      const first = begun.body?.getReader();
      await first?.read();
      first?.releaseLock();
      expect(() => readTurn(begun)).toThrow(TypeError);
      const { stream } = createByteSource([completed], "end");
      const reader = stream.getReader();
      expect(() => readTurn(stream)).toThrow(TypeError);
      await reader.cancel();
    });
  });
};

function ndjson(body: string): Response {
  return new Response(body, { headers: { "content-type": "application/x-ndjson" } });
}

async function read(
  source: Response | ReadableStream<Uint8Array>,
  options?: ReadTurnOptions,
): Promise<{ types: string[]; error?: unknown }> {
  const events: TurnEvent[] = [];
  const types = (): string[] => events.map(({ type }) => type);
  try {
    for await (const event of readTurn(source, options)) events.push(event);
    return { types: types() };
  } catch (error) {
    return { types: types(), error };
  }
}

export default suite;
