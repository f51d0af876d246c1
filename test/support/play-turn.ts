import { handleChatTurn, runTurn, textDelta } from "../../src/index.ts";
import type { ChatTurnHooks, ChatTurnInput, TurnEvent, TurnOutcome, TurnProducer } from "../../src/index.ts";
import { readTurn } from "../../src/client/index.ts";

// What tests of the turn have in common: a turn to play, the two ways to play it, and a reader for each.

export const identity = { tenantId: "acme", sessionId: "thread-1", userId: "ada", turnIndex: 3 } as const;

/** The two ways to play a turn. Nearly every guarantee holds for both. */
export const ways = ["handleChatTurn", "runTurn"] as const;
export type Way = (typeof ways)[number];

export interface LogLine {
  readonly message: string;
  readonly meta: Record<string, unknown>;
}

type Options = Omit<ChatTurnInput, "identity" | "hooks">;

/** A turn with what does not matter to a test filled in; `logs` collects what it says to its operators. */
export function turnOf(
  hooks: Partial<ChatTurnHooks>,
  options: Options = {},
): ChatTurnInput & { readonly logs: LogLine[] } {
  const logs: LogLine[] = [];
  return {
    identity,
    hooks: { produce: () => producerOf([textDelta("Hello")]), persistAssistantMessage: () => undefined, ...hooks },
    log: (message, meta = {}) => void logs.push({ message, meta }),
    ...options,
    logs,
  };
}

/** A producer that yields these events and then answers with this text. */
export function producerOf(events: Iterable<TurnEvent>, finalText = "Hello"): TurnProducer {
  return { stream: streamOf(events), finalText: () => finalText };
}

export async function* streamOf<T>(values: Iterable<T>): AsyncGenerator<T> {
  yield* values;
}

/** A producer with this iterator behind its stream, whatever it is. */
export function producerWith(iterator: object, finalText: () => string = () => "Hello"): TurnProducer {
  return { stream: { [Symbol.asyncIterator]: () => iterator } as AsyncIterable<TurnEvent>, finalText };
}

/** A promise that never settles. */
export const never = <T>(): Promise<T> => new Promise<T>(() => undefined);

export interface Played {
  readonly events: TurnEvent[];
  readonly outcome: TurnOutcome;
}

/** A turn under way: what its reader has read by now, and its end. */
export interface Running {
  readonly events: TurnEvent[];
  readonly ended: Promise<Played>;
}

/** Starts a turn and reads it as fast as it comes. */
export function start(way: Way, input: ChatTurnInput): Running {
  const events: TurnEvent[] = [];
  return { events, ended: way === "runTurn" ? readEvents(input, events) : readBody(input, events) };
}

/** Plays a turn to its end. */
export function play(way: Way, input: ChatTurnInput): Promise<Played> {
  return start(way, input).ended;
}

async function readEvents(input: ChatTurnInput, events: TurnEvent[]): Promise<Played> {
  const turn = runTurn(input);
  for (let next = await turn.next(); ; next = await turn.next()) {
    if (next.done === true) return { events, outcome: next.value };
    events.push(next.value);
  }
}

async function readBody(input: ChatTurnInput, events: TurnEvent[]): Promise<Played> {
  const { body, finished } = handleChatTurn(input);
  // By hand rather than by readTurn, which leaves at the terminal event: here the body must come to its own end.
  const reader = body.getReader();
  const utf8 = new TextDecoder();
  let rest = "";
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    const lines = (rest + utf8.decode(next.value, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) events.push(JSON.parse(line) as TurnEvent);
  }
  if (rest !== "") throw new Error(`The body ends within a line: ${rest.slice(0, 80)}`);
  return { events, outcome: await finished };
}

/** Reads `count` events and leaves, in the way of a client that goes away; resolves with the outcome. */
export async function playAndLeave(way: Way, input: ChatTurnInput, count: number): Promise<Played> {
  const events: TurnEvent[] = [];
  let outcome: TurnOutcome | undefined;
  const noting: ChatTurnInput = {
    ...input,
    waitUntil: (promise) => {
      input.waitUntil?.(promise);
      void promise.then((value) => (outcome = value as TurnOutcome));
    },
  };
  if (way === "runTurn") {
    const turn = runTurn(noting);
    while (events.length < count) {
      const next = await turn.next();
      if (next.done === true) break;
      events.push(next.value);
    }
    await turn.return(undefined as never);
  } else {
    const { body, finished } = handleChatTurn(noting);
    if (count === 0) await body.cancel();
    else {
      for await (const event of readTurn(body)) {
        events.push(event);
        // Leaving the loop cancels the body.
        if (events.length === count) break;
      }
    }
    await finished;
  }
  await Promise.resolve();
  if (outcome === undefined) throw new Error("The turn was left and did not end");
  return { events, outcome };
}

/** The types of events, in their order. */
export const typesOf = (events: readonly TurnEvent[]): string[] => events.map(({ type }) => type);

export const STARTED = "session.run.started";
export const COMPLETED = "session.run.completed";
export const FAILED = "session.run.failed";
export const CANCELLED = "session.run.cancelled";
