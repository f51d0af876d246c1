import { createUIMessageStreamResponse, type UIMessageChunk } from "ai";
import { fromEvents, handleChatTurn, textDelta, type TurnEvent } from "turnwire";
import type { Row } from "./bench.ts";
import { interleave, median } from "./interleave.ts";

// What a turn of many small events costs from the producer to the bytes, next to the loop that one would write by hand
// and next to the AI SDK; what it leaves on the heap; and how soon its first byte is there.

const EVENTS = 200_000;
const MB = 1024 * 1024;

export async function bench(): Promise<Row[]> {
  const timings = await interleave(
    {
      ours: () => drain(ourBody(deltas(EVENTS))),
      byHand: () => drain(handWrittenBody(deltas(EVENTS))),
      aiSdk: () => drain(aiSdkBody(deltas(EVENTS))),
    },
    { rounds: 9, warmUps: 2 },
  );
  const perEvent = (name: "ours" | "byHand" | "aiSdk"): number => (timings.ms(name) * 1000) / EVENTS;
  const against = (peer: "byHand" | "aiSdk") => ({
    unit: "µs/event",
    ours: perEvent("ours"),
    peer: perEvent(peer),
    ratio: timings.ratio("ours", peer),
  });
  const heap = await heapDuringTurn(10_000, 1_000_000);
  return [
    { name: "turn vs hand-written pull stream", ...against("byHand"), limit: 0.6 },
    { name: "turn vs AI SDK createUIMessageStreamResponse", ...against("aiSdk"), limit: 0.25 },
    {
      name: "heap at 1,000,000 events vs at 10,000",
      unit: "MB",
      ours: heap.late / MB,
      peer: heap.early / MB,
      compare: "difference",
      limit: 8,
    },
    { name: "time to first byte", unit: "µs", ours: await timeToFirstByte() },
  ];
}

async function* deltas(count: number): AsyncGenerator<TurnEvent> {
  for (let i = 0; i < count; i++) yield textDelta("word ");
}

function ourBody(events: AsyncIterable<TurnEvent>): ReadableStream<Uint8Array> {
  return handleChatTurn({
    identity: { tenantId: "acme", sessionId: "thread-1", userId: "ada", turnIndex: 0 },
    hooks: { produce: () => fromEvents(events), persistAssistantMessage: () => undefined },
  }).body;
}

/** The loop that one would write: an event is pulled, stringified, encoded and enqueued, one after the other. */
function handWrittenBody(events: AsyncGenerator<TurnEvent>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await events.next();
      if (done === true) controller.close();
      else controller.enqueue(encoder.encode(`${JSON.stringify(value)}\n`));
    },
  });
}

/** The same events as the chunks that the AI SDK has for them. */
function aiSdkBody(events: AsyncGenerator<TurnEvent>): ReadableStream<Uint8Array> {
  async function* chunks(): AsyncGenerator<UIMessageChunk> {
    yield { type: "start" };
    yield { type: "text-start", id: "1" };
    for await (const { data } of events) yield { type: "text-delta", id: "1", delta: String(data?.["delta"]) };
    yield { type: "text-end", id: "1" };
    yield { type: "finish" };
  }
  const source = chunks();
  const stream = new ReadableStream<UIMessageChunk>({
    async pull(controller) {
      const { done, value } = await source.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
  });
  const { body } = createUIMessageStreamResponse({ stream });
  if (body === null) throw new Error("The AI SDK gave a response without a body");
  return body;
}

async function drain(body: ReadableStream<Uint8Array>): Promise<void> {
  const reader = body.getReader();
  let bytes = 0;
  for (let read = await reader.read(); !read.done; read = await reader.read()) bytes += read.value.length;
  if (bytes < EVENTS) throw new Error(`Only ${bytes} bytes came`);
}

/** The heap after a forced collection, in the middle of one turn at two places. */
async function heapDuringTurn(early: number, late: number): Promise<{ early: number; late: number }> {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error("Run with --expose-gc");
  const at = new Map<number, number>();
  async function* measured(): AsyncGenerator<TurnEvent> {
    for (let i = 1; i <= late; i++) {
      yield textDelta("w ");
      if (i !== early && i !== late) continue;
      gc?.();
      at.set(i, process.memoryUsage().heapUsed);
    }
  }
  await drain(ourBody(measured()));
  return { early: at.get(early) ?? NaN, late: at.get(late) ?? NaN };
}

async function timeToFirstByte(): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < 200; i++) {
    const startedAt = performance.now();
    const reader = ourBody(deltas(1)).getReader();
    await reader.read();
    times.push((performance.now() - startedAt) * 1000);
    while (!(await reader.read()).done);
  }
  return median(times);
}
