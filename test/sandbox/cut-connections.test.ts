import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { TurnEvent } from "../../src/index.ts";
import { sandboxSubstrate } from "../../src/sandbox/index.ts";
import { type Cut, type Orchestrator, startOrchestrator } from "../support/orchestrator/orchestrator.ts";
import { recordedAgent, recordedEvents, recordedText } from "../support/orchestrator/recorded-run.ts";
import type { Framing } from "../support/orchestrator/write-frame.ts";
import { accessBy, type Transport, transports } from "./transports.ts";
import { hasty, inner, newExecutionId, playSubstrate } from "./play-sandbox.ts";

// The recorded run, its two opening events and its `done`.
const EVENTS = recordedEvents.length + 3;
const NEAR = [-2, -1, 0, 1, 2];
/** How many turns are played at once: each waits for its own sockets most of the time. */
const AT_ONCE = 8;

type Plan = (stream: number) => Cut | undefined;

let orchestrator: Orchestrator;
/** By execution: which of its streams are cut, and how many it has had. */
const plans = new Map<string, { readonly plan: Plan; streams: number }>();

async function startWith(framing: Framing): Promise<void> {
  orchestrator = await startOrchestrator({ agent: recordedAgent, framing });
  orchestrator.cut = ({ executionId }) => {
    const planned = plans.get(executionId);
    return planned?.plan(planned.streams++);
  };
}

/** Plays the recorded run over connections that are cut, and returns the transcript with how many streams it took. */
async function play(transport: Transport, plan: Plan): Promise<{ transcript: readonly TurnEvent[]; streams: number }> {
  const executionId = newExecutionId();
  plans.set(executionId, { plan, streams: 0 });
  const substrate = sandboxSubstrate(accessBy(transport, orchestrator), { retry: hasty });
  const { events, persisted, outcome } = await playSubstrate(substrate, { executionId });
  expect({ outcome, texts: persisted.map(({ finalText }) => finalText) }).toMatchObject({
    outcome: { status: "completed", usage: { inputTokens: 11 } },
    texts: [recordedText],
  });
  const { streams } = plans.get(executionId) ?? { streams: 0 };
  plans.delete(executionId);
  // Two things in it are named after the execution.
  const transcript = JSON.parse(JSON.stringify(inner(events)).replaceAll(executionId, "ID")) as TurnEvent[];
  for (const { data } of transcript) if (data?.["sessionId"] !== undefined) Object.assign(data, { sessionId: "S" });
  return { transcript, streams };
}

/** Plays every plan and compares each transcript with that of a run that is not cut; returns the streams that it took. */
async function expectSame(
  transport: Transport,
  all: readonly (readonly [name: string, plan: Plan])[],
): Promise<number> {
  const before = orchestrator.prompts;
  const { transcript: whole } = await play(transport, () => undefined);
  expect(whole.filter(({ id }) => id !== undefined)).toHaveLength(EVENTS);
  const queue = [...all];
  let streams = 0;
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [name, plan] = next;
      const played = await play(transport, plan);
      expect({ name, transcript: played.transcript }).toEqual({ name, transcript: whole });
      streams += played.streams;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  expect(orchestrator.prompts - before).toBe(all.length + 1);
  return streams;
}

const indexes = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe.each(transports)("by %s", (transport) => {
  describe.each(["reset", "clean"] as const)("cut by %s", (how) => {
    describe("the orchestrator's own framing", () => {
      beforeAll(() => startWith("named"));
      afterAll(() => orchestrator.close());

      it("at every event, and within two bytes of every frame's end: the same transcript, one prompt", async () => {
        const all = indexes(EVENTS + 1).flatMap((events) =>
          NEAR.map((bytes): [string, Plan] => [
            `first stream at event ${events} ${bytes}`,
            (stream) => (stream === 0 ? { how, events, bytes } : undefined),
          ]),
        );
        const streams = await expectSame(transport, all);
        // Not only the last one or two of them needed a second connection.
        expect(streams).toBeGreaterThan(all.length * 1.8);
      });

      it("at the reconnect too, at every event and within two bytes of every frame's end", async () => {
        const all = indexes(EVENTS - 6).flatMap((events) =>
          NEAR.map((bytes): [string, Plan] => [
            `second stream at event ${events} ${bytes}`,
            (stream) =>
              stream === 0 ? { how, events: 6, bytes: 1 } : stream === 1 ? { how, events, bytes } : undefined,
          ]),
        );
        const streams = await expectSame(transport, all);
        expect(streams).toBeGreaterThan(all.length * 2.8);
      });

      it("at every connection, after one event or a few and some bytes", async () => {
        const all = [1, 2, 5].flatMap((events) =>
          NEAR.filter((bytes) => bytes >= 0 || events > 1).map((bytes): [string, Plan] => [
            `every stream at event ${events} ${bytes}`,
            () => ({ how, events, bytes }),
          ]),
        );
        await expectSame(transport, all);
      });

      it("before the answer begins", async () => {
        const silent: Cut = { how, silently: true };
        await expectSame(transport, [
          ["the first stream", (stream) => (stream === 0 ? silent : undefined)],
          ["the first three streams", (stream) => (stream < 3 ? silent : undefined)],
          ["the reconnect", (stream) => (stream === 0 ? { how, events: 4 } : stream < 3 ? silent : undefined)],
        ]);
      });
    });
  });
});

describe.each(["reset", "clean"] as const)("by HTTP, in other framings, cut by %s", (how) => {
  describe.each(["crlf", "id-last"] as const)("framed as %s", (framing) => {
    beforeAll(() => startWith(framing));
    afterAll(() => orchestrator.close());

    it("at every event, and near every frame's end, in its id too", async () => {
      const all = indexes(EVENTS + 1).flatMap((events) =>
        [-4, -3, ...NEAR].map((bytes): [string, Plan] => [
          `${framing}: first stream at event ${events} ${bytes}`,
          (stream) => (stream === 0 ? { how, events, bytes } : undefined),
        ]),
      );
      await expectSame("HTTP", all);
    });
  });
});

describe("a last frame that no blank line ends", () => {
  afterEach(() => orchestrator.close());

  it("is believed when it comes the same way again", async () => {
    await startWith("named");
    // Every stream ends one byte early, so that `done` never gets its blank line.
    const { transcript } = await play("HTTP", () => ({ how: "clean", events: EVENTS, bytes: -1 }));
    expect(transcript.at(-1)?.type).toBe("done");
  });
});

describe("events without ids", () => {
  const start = "id: 1\nevent: start\ndata: {}\n\n";
  const result = 'event: result\ndata: {"finalText":"Hello"}\n';

  /** Reads a run whose connections all say this and then end. */
  async function readSaying(text: string): Promise<readonly TurnEvent[]> {
    const fetch = async () => new Response(text, { headers: { "content-type": "text/event-stream" } });
    const substrate = sandboxSubstrate(
      { url: "https://sandbox.example", token: "the-token", fetch },
      { retry: { baseMs: 1, maxMs: 2, limitMs: 50 } },
    );
    const { events } = await substrate.attach(newExecutionId());
    const all: TurnEvent[] = [];
    for await (const event of events) all.push(event);
    return all;
  }

  it.each([
    ["with a blank line after it", `${start}${result}\n`],
    ["without", `${start}${result}`],
  ])("a result is the end of its run, and said once: %s", async (_how, text) => {
    expect((await readSaying(text)).map(({ type }) => type)).toEqual(["start", "result"]);
  });

  it("an error that every connection begins with is given up like a connection that brings nothing", async () => {
    const text = 'event: error\ndata: {"message":"No agent to read from"}\n\n';
    await expect(readSaying(text)).rejects.toMatchObject({ code: "connection-lost" });
  });
});
