import {
  type ChatTurnHooks,
  type ChatTurnInput,
  fromSubstrate,
  handleChatTurn,
  type SettledTurn,
  type TurnEvent,
  type TurnOutcome,
} from "../../src/index.ts";
import { readTurn } from "../../src/client/index.ts";
import type { Substrate } from "../../src/substrate/index.ts";

export const identity = { tenantId: "acme", sessionId: "thread-1", userId: "ada", turnIndex: 0 } as const;

let turns = 0;

/** An execution id of its own, as this library derives them. */
export function newExecutionId(): string {
  return `acme@tests:thread-${++turns}-${process.pid}:0`;
}

/** Tries again at once, and not for long: what is tested is how, not when. */
export const hasty = { baseMs: 1, maxMs: 5, limitMs: 5000 };

export interface PlayedTurn {
  readonly events: readonly TurnEvent[];
  readonly persisted: readonly SettledTurn[];
  readonly outcome: TurnOutcome;
  readonly logs: readonly unknown[];
}

/** A request handler's turn, from its start to its last byte. */
export async function playTurn(
  produce: ChatTurnHooks["produce"],
  options: Partial<ChatTurnInput> & { readonly executionId: string },
  onEvent: (event: TurnEvent) => void = () => undefined,
): Promise<PlayedTurn> {
  const persisted: SettledTurn[] = [];
  const logs: unknown[] = [];
  const { body, finished } = handleChatTurn({
    identity,
    hooks: { produce, persistAssistantMessage: (turn) => void persisted.push(turn), onEvent },
    log: (message, meta) => void logs.push([message, meta]),
    ...options,
  });
  const events: TurnEvent[] = [];
  for await (const event of readTurn(body)) events.push(event);
  return { events, persisted, outcome: await finished, logs };
}

export function playSubstrate(
  substrate: Substrate,
  options: Partial<ChatTurnInput> & { readonly executionId: string },
  message = "Hello",
  onEvent?: (event: TurnEvent) => void,
): Promise<PlayedTurn> {
  return playTurn(fromSubstrate(substrate, { input: { message } }), options, onEvent);
}

/** The events without the turn's own two ends. */
export function inner(events: readonly TurnEvent[]): readonly TurnEvent[] {
  return events.filter(({ type }) => !type.startsWith("session.run."));
}
