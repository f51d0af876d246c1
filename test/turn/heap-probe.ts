import type { TurnEvent, TurnProducer } from "../../src/index.ts";
import { handleChatTurn, runTurn, textDelta } from "../../src/index.ts";
import { nextMacrotask } from "../../src/internal/macrotask.ts";

// Run by heap.test.ts in a process of its own: plays long turns, and prints what was left on the heap after each.

const LARGE = 1_000_000;
const SMALL = 10_000;
const [way] = process.argv.slice(2);
const identity = { tenantId: "acme", sessionId: "thread-1", userId: "ada", turnIndex: 0 };

let yielded = 0;
let peakBytes = 0;
let movedWhilePaused = 0;

function* events(count: number): Generator<TurnEvent> {
  for (yielded = 0; yielded < count; yielded++) yield textDelta(`word ${yielded} `);
}

async function* streamOf(count: number): AsyncGenerator<TurnEvent> {
  yield* events(count);
}

const produce = (count: number): TurnProducer => ({ stream: streamOf(count), finalText: () => "" });

async function heapBytes(): Promise<number> {
  // What a stream let go of in this macrotask is collected in the next.
  for (let round = 0; round < 3; round++) {
    await nextMacrotask();
    globalThis.gc?.();
  }
  return process.memoryUsage().heapUsed;
}

/** A reader that stops: after some macrotasks the producer must stand still. */
async function pause(): Promise<void> {
  // It fills the buffer first, and lets timers in now and then on the way.
  for (let round = 0; round < 5; round++) await new Promise((resolve) => setTimeout(resolve, 1));
  const before = yielded;
  for (let round = 0; round < 200; round++) await nextMacrotask();
  movedWhilePaused = Math.max(movedWhilePaused, yielded - before);
  peakBytes = Math.max(peakBytes, await heapBytes());
}

async function play(count: number): Promise<number> {
  const hooks = { produce: () => produce(count), persistAssistantMessage: () => undefined };
  const pauses = [0.1, 0.5, 0.9].map((part) => Math.floor(part * count));
  if (way === "runTurn") {
    let read = 0;
    for await (const _event of runTurn({ identity, hooks })) if (++read === pauses[0] && pauses.shift()) await pause();
    return heapBytes();
  }
  const { body, finished } = handleChatTurn({ identity, hooks });
  for await (const chunk of body)
    if (chunk.length > 0 && yielded >= (pauses[0] ?? Infinity) && pauses.shift()) await pause();
  await finished;
  return heapBytes();
}

await play(SMALL);
const small = await play(SMALL);
peakBytes = 0;
const large = await play(LARGE);
console.log(
  JSON.stringify({ grownBytes: large - small, peakGrownBytes: peakBytes - small, movedWhilePaused, yielded }),
);
