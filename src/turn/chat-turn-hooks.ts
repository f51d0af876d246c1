import type { TurnIdentity } from "../event/identity.ts";
import type { TurnFailure, TurnOutcome } from "../event/outcome.ts";
import type { TurnEvent } from "../event/turn-event.ts";
import type { TokenUsage } from "../event/usage.ts";
import type { TurnContext, TurnProducer } from "./turn-producer.ts";

/** A turn whose answer is known, as the hooks of settle get it. */
export interface SettledTurn {
  readonly identity: TurnIdentity;
  readonly executionId?: string;
  /** The answer, after `transformFinalText`. */
  readonly finalText: string;
  readonly outcome: TurnOutcome["status"];
  readonly usage?: TokenUsage;
  readonly failure?: TurnFailure;
}

/** Which turn a hook is called for. */
export interface TurnSubject {
  readonly identity: TurnIdentity;
  readonly executionId?: string;
}

/** What a product does in a turn. They run in this order, each at most once, whatever the client does (T3–T5). */
export interface ChatTurnHooks {
  /** Starts the answer. The only hook without a time limit. */
  produce(turn: TurnContext): TurnProducer | Promise<TurnProducer>;
  /** Sees each event as the client sees it, in order. A promise that it returns delays no event. */
  onEvent?(event: TurnEvent, turn: TurnSubject): void | Promise<void>;
  /** Changes what is persisted, not what was streamed. When it fails, the turn fails and nothing is persisted. */
  transformFinalText?(text: string, turn: TurnSubject): string | Promise<string>;
  /** Keeps the answer. When it fails, the turn fails. */
  persistAssistantMessage(turn: SettledTurn): void | Promise<void>;
  /** Post-processing of an answer that was kept. A failure here is logged and changes nothing. */
  onTurnComplete?(turn: SettledTurn): void | Promise<void>;
  /** Once, for every outcome, before the terminal event. A failure here is logged and changes nothing. */
  onTurnEnd?(turn: SettledTurn): void | Promise<void>;
  /** After the terminal event. A failure here is logged and changes nothing. */
  traceFlush?(turn: TurnSubject): void | Promise<void>;
}

/** The hooks that run after the producer is started. */
export type OwnerHooks = Omit<ChatTurnHooks, "produce">;

export const HOOK_NAMES: readonly (keyof OwnerHooks)[] = [
  "onEvent",
  "transformFinalText",
  "persistAssistantMessage",
  "onTurnComplete",
  "onTurnEnd",
  "traceFlush",
];

/**
 * Hooks that others can be put beside, each still called on the object it came from: one that inherits from it would do
 * for its methods, but not for private fields.
 */
export function bindHooks(hooks: Partial<OwnerHooks>): Partial<OwnerHooks> {
  const all = hooks as Readonly<Record<string, ((...args: unknown[]) => unknown) | undefined>>;
  return Object.fromEntries(HOOK_NAMES.map((name) => [name, all[name]?.bind(hooks)]));
}
