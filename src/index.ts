export { isTurnError, isTurnErrorCode, TurnError } from "./errors.ts";
export type { TurnErrorCode } from "./errors.ts";
