export {
  type ApprovalDecision,
  type ApprovalSnapshot,
  type ApprovalStatus,
  type ExecutionSnapshot,
  type ExecutionState,
  isEnded,
} from "./execution.ts";
export type { Attachment, ListFilter, OpenRequest, Substrate } from "./substrate.ts";
export { DEFAULT_AGENT, type MessagePart, type TurnInput } from "./turn-input.ts";
