import { describe, expect, it } from "vitest";
import { answerCall } from "../../src/cloudflare/answer-call.ts";
import type { TurnEvent } from "../../src/event/turn-event.ts";
import { until } from "../http/http-client.ts";
import type { Steps } from "./steps-agent.ts";
import { idOf, openWorld } from "./turn-workers.ts";
import { useTurnWorkers } from "./use-turn-workers.ts";

// What agents and strangers do that an object must survive: a row of its storage takes 2 MB, and not a byte more.

const workers = useTurnWorkers();

async function play(sessionId: string, data: Steps): Promise<TurnEvent[]> {
  const world = openWorld(workers(), "plain");
  const events: TurnEvent[] = [];
  const turn = world.client.start({ sessionId, turnIndex: 0, message: "Hello", data });
  for await (const event of turn) if (event.id !== undefined) events.push(event);
  // Whatever it was, the object still stands, and has its log.
  expect(await world.log(idOf(sessionId))).toEqual(events);
  expect((await world.look(sessionId)).boots).toHaveLength(1);
  return events;
}

const padding = (events: readonly TurnEvent[]): readonly unknown[] =>
  events
    .filter(({ type }) => type === "status")
    .map(({ data }) => String(data?.["status"] ?? data?.["encodingError"]).length);

describe("an agent that says too much", () => {
  it("T8: an event that no row takes is replaced by one that says so, and the turn goes on", async () => {
    const events = await play("too-large-event", [{ pad: 2_000_000 }, { say: "still here" }]);
    expect(events.find(({ type }) => type === "status")?.data?.["encodingError"]).toMatch(/more than 1990000 bytes/);
    expect(events.at(-1)?.type).toBe("session.run.completed");
  });

  it("an event that just fits arrives whole, and so do many large ones at once", async () => {
    expect(padding(await play("large-event", [{ pad: 1_989_900 }]))).toEqual([1_989_900]);
    const many = Array.from({ length: 20 }, () => ({ pad: 500_000 }));
    expect(padding(await play("large-events", many))).toEqual(many.map(({ pad }) => pad));
  });

  it("T4: an answer that no row takes fails its turn at once, and is not persisted", async () => {
    const events = await play("long-answer", [{ sayLong: 900_000 }, { sayLong: 900_000 }, { sayLong: 900_000 }]);
    expect(events.slice(-2)).toMatchObject([
      { type: "error", data: { code: "too-large" } },
      { type: "session.run.failed", data: { code: "too-large" } },
    ]);
    const notes = await openWorld(workers(), "plain").notes(idOf("long-answer"));
    expect(notes.map(({ what }) => what)).toEqual(["agent", "end"]);
  });

  it("T2: a failure whose message is larger than any row is told in short", async () => {
    const events = await play("long-failure", [{ failLong: 3_000_000 }]);
    expect(events.at(-1)?.type).toBe("session.run.failed");
    expect(JSON.stringify(events.at(-1)).length).toBeLessThan(10_000);
  });
});

describe("a reader that never reads", () => {
  it("S6: holds up neither the turn nor another reader", async () => {
    const world = openWorld(workers(), "plain");
    // More than all that stands between the two takes in.
    const steps: Steps = Array.from({ length: 60 }, () => ({ pad: 500_000 }));
    const leaver = new AbortController();
    const body = { sessionId: "never-reads", turnIndex: 0, message: "Hello", data: steps };
    const unread = await world.request("POST", "/turns", { body, signal: leaver.signal });
    expect(unread.status).toBe(200);
    await until(
      () => world.notes(idOf("never-reads")),
      (notes) => notes.some(({ what }) => what === "end"),
      "the turn has ended",
    );
    expect(padding(await world.log(idOf("never-reads")))).toEqual(steps.map(() => 500_000));
    leaver.abort();
  });
});

describe("a call that is none", () => {
  it("is refused, and begins nothing", async () => {
    const engine = (): never => {
      throw new Error("It must not be asked");
    };
    const called = { engine, isEmpty: true, log: () => undefined };
    for (const body of ["", "nonsense", "null", "5", "[]", "{}", '{"call":"drop"}', '{"call":"list"']) {
      const answer = await answerCall(new Request("https://object/", { method: "POST", body }), called);
      expect([body, answer.status]).toEqual([body, 400]);
      expect(Object.keys((await answer.json()) as object)).toEqual(["code", "message"]);
    }
  });
});
