export type { ChatTurnHooks, SettledTurn, TurnSubject } from "./chat-turn-hooks.ts";
export type { ChatTurnInput } from "./chat-turn-input.ts";
export { deriveExecutionId, type ExecutionIdParts, parseExecutionId } from "./execution-id.ts";
export { fromEvents } from "./from-events.ts";
export { fromText } from "./from-text.ts";
export { type ChatTurnResult, handleChatTurn } from "./handle-chat-turn.ts";
export { runTurn } from "./run-turn.ts";
export type { TurnOwnerOptions } from "./turn-owner.ts";
export type { TurnContext, TurnProducer } from "./turn-producer.ts";
