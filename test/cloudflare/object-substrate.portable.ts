import { durableObjectSubstrate } from "../../src/cloudflare/index.ts";
import type { ObjectCall } from "../../src/cloudflare/object-call.ts";
import type { TurnEvent } from "../../src/event/turn-event.ts";
import type { OpenRequest } from "../../src/substrate/index.ts";
import type { PortableSuite } from "../support/test-api.ts";
import { type AskedObject, eventsFrom, fakeNamespace, logAnswer } from "./fake-namespace.ts";

// The substrate in a Worker, before objects that are not there, are lost in mid-sentence, or refuse.

const ID = "acme@test:thread:0";
const RETRY = { attempts: 3, baseMs: 1, maxMs: 2 };
const request: OpenRequest = {
  executionId: ID,
  identity: { tenantId: "acme", sessionId: "thread", userId: "ada", turnIndex: 0 },
  input: { message: "Hello" },
};
const gone = (): never => {
  throw new Error("The object was reset");
};
const snapshot = { executionId: ID, state: "running" };
const afterOf = ({ call }: AskedObject): unknown => (call as Extract<ObjectCall, { call: "attach" }>).after;
const typeOf = ({ call }: AskedObject): string => call.call;

async function read(events: AsyncIterable<TurnEvent>, into: TurnEvent[] = []): Promise<TurnEvent[]> {
  for await (const event of events) into.push(event);
  return into;
}

const suite: PortableSuite = ({ describe, it, expect }) => {
  describe("a call", () => {
    it("of open says a deadline that never comes as none, and any other as it is", async () => {
      const namespace = fakeNamespace(() => Response.json({ code: "session-busy", message: "No" }, { status: 409 }));
      const substrate = durableObjectSubstrate(namespace, { retry: RETRY });
      for (const deadlineMs of [Infinity, 1000])
        await expect(substrate.open({ ...request, deadlineMs })).rejects.toMatchObject({ code: "session-busy" });
      expect(namespace.asked.map(({ call }) => call)).toEqual([
        { call: "open", request },
        { call: "open", request: { ...request, deadlineMs: 1000 } },
      ]);
    });
  });

  describe("an object that does not answer", () => {
    it("is asked again, by a stub of its own each time", async () => {
      const namespace = fakeNamespace(gone, gone, () => Response.json(snapshot));
      const substrate = durableObjectSubstrate(namespace, { retry: RETRY });
      expect(await substrate.inspect(ID)).toEqual(snapshot);
      expect([namespace.asked.length, namespace.stubs]).toEqual([3, 3]);
      expect(namespace.asked.map(({ object }) => object)).toEqual(["acme@thread", "acme@thread", "acme@thread"]);
    });

    it("is given up after so many tries, as a lost connection that may be tried again later", async () => {
      const namespace = fakeNamespace(gone);
      const substrate = durableObjectSubstrate(namespace, { retry: RETRY });
      for (const ask of [() => substrate.inspect(ID), () => substrate.open(request), () => substrate.cancel(ID)]) {
        namespace.asked.length = 0;
        await expect(ask()).rejects.toMatchObject({ code: "connection-lost", retryable: true });
        expect(namespace.asked).toHaveLength(3);
      }
    });

    it("because it has too much to do already, is not asked again", async () => {
      const namespace = fakeNamespace(() => {
        throw Object.assign(new Error("Too many requests"), { overloaded: true });
      });
      const substrate = durableObjectSubstrate(namespace, { retry: RETRY });
      await expect(substrate.inspect(ID)).rejects.toMatchObject({ code: "connection-lost", retryable: true });
      expect(namespace.asked).toHaveLength(1);
    });

    it("to the end of its sentence, is asked again", async () => {
      const half = (): Response =>
        new Response(
          new ReadableStream({
            pull(controller) {
              controller.error(new Error("The object was reset"));
            },
          }),
        );
      const substrate = (answer: Response): ReturnType<typeof durableObjectSubstrate> =>
        durableObjectSubstrate(
          fakeNamespace(half, () => answer),
          { retry: RETRY },
        );
      const decision = { decision: "approve" } as const;
      expect(await substrate(Response.json(snapshot)).inspect(ID)).toEqual(snapshot);
      expect(await substrate(Response.json(snapshot)).cancel(ID)).toEqual(snapshot);
      expect(await substrate(Response.json(snapshot)).decide(ID, "a", decision)).toEqual(snapshot);
      expect(await substrate(Response.json([snapshot])).list({ sessionId: "thread" })).toEqual([snapshot]);
    });

    it("is not asked any more by a reader that has left", async () => {
      const left = new AbortController();
      const namespace = fakeNamespace(() => {
        left.abort(new Error("Left"));
        return gone();
      });
      const substrate = durableObjectSubstrate(namespace, { retry: { attempts: 50, baseMs: 1000, maxMs: 1000 } });
      await expect(substrate.attach(ID, { signal: left.signal })).rejects.toThrow("Left");
      expect(namespace.asked).toHaveLength(1);
    });
  });

  describe("an object that refuses", () => {
    it("is believed: its error comes as it is, and it is asked once", async () => {
      for (const [code, status] of [
        ["execution-not-found", 404],
        ["session-busy", 409],
        ["cursor-gap", 410],
      ] as const) {
        const namespace = fakeNamespace(() => Response.json({ code, message: "No" }, { status }));
        const substrate = durableObjectSubstrate(namespace, { retry: RETRY });
        await expect(substrate.open(request)).rejects.toMatchObject({ code, message: "No" });
        expect(namespace.asked).toHaveLength(1);
      }
    });

    it("with something else than a refusal of ours, is an upstream failure", async () => {
      const substrate = durableObjectSubstrate(
        fakeNamespace(() => Response.json("What?", { status: 418 })),
        { retry: RETRY },
      );
      await expect(substrate.inspect(ID)).rejects.toMatchObject({ code: "upstream-failed" });
    });

    it("within its log, ends the reading with that error", async () => {
      const failed = { type: "session.run.log-failed", data: { code: "cursor-gap", message: "Trimmed" } };
      const namespace = fakeNamespace(() => logAnswer([...eventsFrom(1, 2), failed], { end: "short" }));
      const { events } = await durableObjectSubstrate(namespace, { retry: RETRY }).attach(ID);
      const seen: TurnEvent[] = [];
      await expect(read(events, seen)).rejects.toMatchObject({ code: "cursor-gap", message: "Trimmed" });
      expect(seen).toEqual(eventsFrom(1, 2));
      expect(namespace.asked).toHaveLength(1);
    });
  });

  describe("S2: a log that breaks off", () => {
    for (const end of ["cut", "short"] as const) {
      it(`is read on after the last event that came through: ${end}`, async () => {
        const whisper = { type: "run.queued", data: {} };
        const namespace = fakeNamespace(
          () => logAnswer(eventsFrom(1, 2), { end, created: true }),
          () => logAnswer([...eventsFrom(3, 3), whisper], { end }),
          gone,
          () => logAnswer(eventsFrom(4, 6)),
        );
        const { events, created } = await durableObjectSubstrate(namespace, { retry: RETRY }).open(request);
        expect(created).toBe(true);
        const seen = await read(events);
        expect(seen.filter(({ id }) => id !== undefined)).toEqual(eventsFrom(1, 6));
        expect(seen).toHaveLength(7);
        expect(namespace.asked.map(typeOf)).toEqual(["open", "attach", "attach", "attach"]);
        expect(namespace.asked.slice(1).map(afterOf)).toEqual(["2", "3", "3"]);
      });
    }

    it("before its first event is read from where the reader wanted to begin", async () => {
      const namespace = fakeNamespace(
        () => logAnswer([], { end: "cut" }),
        () => logAnswer(eventsFrom(5, 6)),
      );
      const { events } = await durableObjectSubstrate(namespace, { retry: RETRY }).attach(ID, { after: "4" });
      expect(await read(events)).toEqual(eventsFrom(5, 6));
      expect(namespace.asked.map(afterOf)).toEqual(["4", "4"]);
    });

    it("with something said each time is never given up", async () => {
      const times = 20;
      const namespace = fakeNamespace(
        ...Array.from({ length: times }, (_, at) => () => logAnswer(eventsFrom(at + 1, at + 1), { end: "cut" })),
        () => logAnswer([]),
      );
      const { events } = await durableObjectSubstrate(namespace, { retry: RETRY }).attach(ID);
      expect(await read(events)).toEqual(eventsFrom(1, times));
    });

    it("again and again with nothing said is given up", async () => {
      const namespace = fakeNamespace(() => logAnswer([], { end: "cut" }));
      const { events } = await durableObjectSubstrate(namespace, { retry: RETRY }).attach(ID);
      await expect(read(events)).rejects.toMatchObject({ code: "connection-lost" });
      expect(namespace.asked).toHaveLength(3);
    });

    it("is not read on by a reader that has left, whichever way it left", async () => {
      for (const way of ["loop", "signal"] as const) {
        const left = new AbortController();
        const namespace = fakeNamespace(() => logAnswer(eventsFrom(1, 2), { end: way === "loop" ? "open" : "cut" }));
        const substrate = durableObjectSubstrate(namespace, { retry: RETRY });
        const { events } = await substrate.attach(ID, { signal: left.signal });
        const seen: TurnEvent[] = [];
        for await (const event of events) {
          seen.push(event);
          if (way === "signal") left.abort();
          else break;
        }
        expect([way, seen.length > 0, namespace.asked.length]).toEqual([way, true, 1]);
        expect(namespace.asked[0]?.signal?.aborted).toBe(true);
      }
    });
  });

  describe("what names no object", () => {
    it("is refused, and nothing is asked", async () => {
      const namespace = fakeNamespace(() => Response.json(null));
      const substrate = durableObjectSubstrate(namespace, { retry: RETRY });
      for (const strange of ["", "x", "a:b", "acme@test:thread:00", "acme@test:thread:-1", "%:%:0", "a:b:c:d"]) {
        for (const ask of [
          () => substrate.inspect(strange),
          () => substrate.attach(strange),
          () => substrate.cancel(strange),
          () => substrate.decide(strange, "a", { decision: "approve" }),
          () => substrate.open({ ...request, executionId: strange }),
        ]) {
          await expect(ask()).rejects.toThrow(TypeError);
        }
      }
      await expect(substrate.list({})).rejects.toMatchObject({ code: "not-supported" });
      await expect(substrate.list({ tenantId: "acme" })).rejects.toMatchObject({ code: "not-supported" });
      await expect(substrate.list({ sessionId: " " })).rejects.toThrow(TypeError);
      expect(namespace.asked).toEqual([]);
    });

    it("is a session's list: of the ids with a tenant and of those without", async () => {
      const namespace = fakeNamespace(({ object }) => Response.json([{ executionId: object }]));
      const substrate = durableObjectSubstrate(namespace, { retry: RETRY });
      const listed = await substrate.list({ sessionId: "a/b", tenantId: "acme" });
      expect(listed.map(({ executionId }) => executionId)).toEqual(["a%2Fb", "acme@a%2Fb"]);
    });
  });

  it("takes no settings that are none", () => {
    const namespace = fakeNamespace(gone);
    const create = (...given: unknown[]): unknown =>
      (durableObjectSubstrate as (...args: unknown[]) => unknown)(...given);
    for (const [given, error] of [
      [[undefined], TypeError],
      [[{}], TypeError],
      [[{ idFromName: () => 1 }], TypeError],
      [[namespace, 5], TypeError],
      [[namespace, { retry: { attempts: 0 } }], RangeError],
      [[namespace, { retry: { baseMs: -1 } }], RangeError],
      [[namespace, { retry: { maxMs: Infinity } }], RangeError],
    ] as const) {
      expect(() => create(...given)).toThrow(error);
    }
  });
};

export default suite;
