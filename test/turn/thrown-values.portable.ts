import type { ChatTurnHooks } from "../../src/index.ts";
import { FAILED, play, producerWith, turnOf, typesOf, ways } from "../support/play-turn.ts";
import type { PortableSuite } from "../support/test-api.ts";
import { createVirtualClock, settle } from "../support/virtual-clock.ts";

/** Some runtimes fill in the usual words for a status. */
const usualWords = new Response(null, { status: 500 }).statusText;
const bare500 = usualWords === "" ? "HTTP 500" : `HTTP 500: ${usualWords}`;

/** Whatever can be thrown, with what a client is told about it. */
const thrown: readonly (readonly [name: string, make: () => unknown, message: string, code?: string])[] = [
  ["an Error", () => new Error("no model"), "no model"],
  ["an Error with a code", () => Object.assign(new Error("no model"), { code: "no-model" }), "no model", "no-model"],
  ["an Error with a numeric code", () => Object.assign(new Error("no model"), { code: 7 }), "no model"],
  ["an Error without a message", () => new RangeError(""), "RangeError"],
  ["a string", () => "out of money", "out of money"],
  ["an empty string", () => "", 'Not an error, but "" was thrown'],
  ["null", () => null, "Not an error, but null was thrown"],
  ["undefined", () => undefined, "Not an error, but undefined was thrown"],
  ["a number", () => 42, "Not an error, but 42 was thrown"],
  ["a symbol", () => Symbol("x"), "Not an error, but Symbol(x) was thrown"],
  ["a bigint", () => 42n, "Not an error, but 42 was thrown"],
  ["a function", () => () => 1, "Not an error, but a function was thrown"],
  ["an array", () => [1], "Not an error, but an array was thrown"],
  ["an object with a message", () => ({ message: "like an error", code: "like" }), "like an error", "like"],
  ["an object with a getter that throws", () => hostileObject(), "What was thrown cannot be read"],
  ["a revoked proxy", () => revokedProxy(), "What was thrown cannot be read"],
  ["a Response with JSON", () => json(503, { error: { message: "overloaded" } }), "HTTP 503: overloaded"],
  ["a Response with a JSON error text", () => json(429, { error: "slow down" }), "HTTP 429: slow down"],
  ["a Response with a problem document", () => json(403, { title: "No", detail: "not yours" }), "HTTP 403: not yours"],
  ["a Response with text", () => new Response(" bad gateway\n", { status: 502 }), "HTTP 502: bad gateway"],
  ["a Response with a status text", () => new Response(null, { status: 500, statusText: "Oh" }), "HTTP 500: Oh"],
  ["an empty Response", () => new Response(null, { status: 500 }), bare500],
  ["a Response that is read already", () => usedResponse(), bare500],
  ["a Response whose reading throws", () => brokenResponse(), "What was thrown cannot be read"],
];

const json = (status: number, body: unknown): Response => new Response(JSON.stringify(body), { status });

function hostileObject(): object {
  return Object.defineProperty({}, "message", {
    get() {
      throw new Error("never look here");
    },
  });
}

function revokedProxy(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

function usedResponse(): Response {
  const response = new Response("secret", { status: 500 });
  response.text().catch(() => undefined);
  return response;
}

function brokenResponse(): Response {
  const fail = (): never => {
    throw new Error("never look here");
  };
  return Object.defineProperties(new Response("x", { status: 500 }), { status: { get: fail }, message: { get: fail } });
}

/** The places from which a thrown value fails the turn. */
const places: readonly (readonly [name: string, hooks: (value: unknown) => Partial<ChatTurnHooks>])[] = [
  ["produce throws", (value) => ({ produce: () => raise(value) })],
  ["produce rejects", (value) => ({ produce: () => reject(value) })],
  ["next() throws", (value) => ({ produce: () => producerWith({ next: () => raise(value) }) })],
  ["next() rejects", (value) => ({ produce: () => producerWith({ next: () => reject(value) }) })],
  ["finalText() throws", (value) => ({ produce: () => producerWith(ended, () => raise(value)) })],
  ["transformFinalText throws", (value) => ({ transformFinalText: () => raise(value) })],
  ["transformFinalText rejects", (value) => ({ transformFinalText: () => reject(value) })],
  ["persistAssistantMessage throws", (value) => ({ persistAssistantMessage: () => raise(value) })],
  ["persistAssistantMessage rejects", (value) => ({ persistAssistantMessage: () => reject(value) })],
];

const ended = { next: () => ({ done: true, value: undefined }) };

function raise(value: unknown): never {
  throw value;
}

const reject = (value: unknown): Promise<never> => Promise.reject(value);

const suite: PortableSuite = ({ describe, it, expect }) => {
  for (const way of ways) {
    describe(way, () => {
      for (const [place, hooksFor] of places) {
        it(`T2: ${place}: any value ends in error and session.run.failed that tell of it`, async () => {
          for (const [name, make, message, code] of thrown) {
            const { events, outcome } = await play(way, turnOf(hooksFor(make())));
            const said = code === undefined ? { message } : { message, code };
            expect(typesOf(events).slice(-2), name).toEqual(["error", FAILED]);
            expect(events.at(-2)?.data, name).toStrictEqual(said);
            expect(events.at(-1)?.data, name).toStrictEqual({ sessionId: "thread-1", ...said });
            expect(outcome.failure, name).toStrictEqual(said);
            expect(outcome.persisted, name).toBe(false);
          }
        });
      }
    });
  }

  it("T2: a Response whose body hangs is told by what came in time", async () => {
    const clock = createVirtualClock();
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new TextEncoder().encode("half a word")),
    });
    const input = turnOf({ produce: () => raise(new Response(body, { status: 504 })) }, { clock });
    const played = play("handleChatTurn", input);
    await settle();
    await clock.advance(1000);
    expect((await played).outcome.failure).toStrictEqual({ message: "HTTP 504: half a word" });
    expect(clock.pending).toBe(0);
  });

  it("T2: a Response is read also when its fetch was given the turn's signal", async () => {
    const refuse = async (signal: AbortSignal): Promise<never> => {
      const body = new ReadableStream<Uint8Array>(
        {
          // As a fetch does: what has not come yet is lost once the signal has fired.
          pull(controller) {
            signal.throwIfAborted();
            controller.enqueue(new TextEncoder().encode("no such model"));
            controller.close();
          },
        },
        { highWaterMark: 0 },
      );
      throw new Response(body, { status: 404 });
    };
    const input = turnOf({
      produce: ({ signal }) => ({
        stream: { [Symbol.asyncIterator]: () => ({ next: () => refuse(signal) }) },
        finalText: () => "",
      }),
    });
    expect((await play("handleChatTurn", input)).outcome.failure).toStrictEqual({ message: "HTTP 404: no such model" });
  });

  it("T2: a long message is clipped", async () => {
    const { outcome } = await play("handleChatTurn", turnOf({ produce: () => raise(new Error("x".repeat(50_000))) }));
    expect(outcome.failure?.message.length).toBeLessThan(4100);
    expect(outcome.failure?.message).toMatch(/46000 more/);
  });
};

export default suite;
