export type { Cursor } from "../event/cursor.ts";
export { isEvent, type KnownEvents, type MessagePartUpdate, type ToolState } from "../event/known-events.ts";
export { createTextAccumulator, type TextAccumulator } from "../event/text-accumulator.ts";
export { isTerminal, type TurnEvent } from "../event/turn-event.ts";
export { isTurnError, TurnError, type TurnErrorCode } from "../errors.ts";
export type { DecoderLimits, WireFormat } from "../wire/index.ts";
export { readTurn, type ReadTurnOptions } from "./read-turn.ts";
export { TruncatedStreamError } from "./truncated-stream-error.ts";
