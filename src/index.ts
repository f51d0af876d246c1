export { isTurnError, TurnError, type TurnErrorCode } from "./errors.ts";
export type { Cursor } from "./event/cursor.ts";
export type { TurnIdentity } from "./event/identity.ts";
export type { JsonValue } from "./event/json.ts";
export { isEvent, type KnownEvents, type MessagePartUpdate, textDelta, type ToolState } from "./event/known-events.ts";
export type { TurnFailure, TurnOutcome } from "./event/outcome.ts";
export { createTextAccumulator, type TextAccumulator } from "./event/text-accumulator.ts";
export { isTerminal, type TurnEvent } from "./event/turn-event.ts";
export type { TokenUsage } from "./event/usage.ts";
export type { Clock } from "./internal/clock.ts";
export {
  type ChatTurnHooks,
  type ChatTurnInput,
  type ChatTurnResult,
  deriveExecutionId,
  type ExecutionIdParts,
  fromEvents,
  fromSubstrate,
  type FromSubstrateOptions,
  fromText,
  handleChatTurn,
  parseExecutionId,
  runTurn,
  type SettledTurn,
  type TurnContext,
  type TurnOwnerOptions,
  type TurnProducer,
  type TurnSubject,
} from "./turn/index.ts";
