/** What a block is. */
export const BlockKind = {
  USER: "user",
  LLM_TEXT: "llm_text",
  TOOL_CALL: "tool_call",
  TOOL_USE: "tool_use",
  SYSTEM: "system",
  REASONING: "reasoning",
  OTHER: "other",
} as const;

export const EventType = {
  START: "start",
  PARTIAL: "partial",
  PARTIAL_THINKING: "partial-thinking",
  TOOL_CALL: "tool-call",
  TOOL_CALL_EXECUTE: "tool-call-execute",
  TOOL_RESULT: "tool-result",
  TOOL_CALL_EXECUTION_RESULT: "tool-call-execution-result",
  FINAL: "final",
  INTERRUPT: "interrupt",
  ERROR: "error",
} as const;

/** What a tool hook can ask for. */
export const HookAction = { ABORT: "abort", RETRY: "retry", CONTINUE: "continue" } as const;

export const ToolChoice = { AUTO: "auto", NONE: "none", REQUIRED: "required" } as const;

export const ToolErrorHandling = { CONTINUE: "continue", ABORT: "abort", RETRY: "retry" } as const;

/** Keys of the payloads of blocks. */
export const PayloadKeys = {
  TEXT: "text",
  ID: "id",
  NAME: "name",
  ARGS: "args",
  RESULT: "result",
  ERROR: "error",
} as const;

/** Keys of a turn's metadata that runs write or read. */
export const TurnMetadataKeys = {
  SESSION_ID: "session_id",
  INFERENCE_ID: "inference_id",
  TRACE_ID: "trace_id",
} as const;

export type BlockKind = (typeof BlockKind)[keyof typeof BlockKind];
export type EventType = (typeof EventType)[keyof typeof EventType];
export type HookAction = (typeof HookAction)[keyof typeof HookAction];
export type ToolChoice = (typeof ToolChoice)[keyof typeof ToolChoice];
export type ToolErrorHandling = (typeof ToolErrorHandling)[keyof typeof ToolErrorHandling];

export interface Consts {
  readonly BlockKind: typeof BlockKind;
  readonly EventType: typeof EventType;
  readonly HookAction: typeof HookAction;
  readonly ToolChoice: typeof ToolChoice;
  readonly ToolErrorHandling: typeof ToolErrorHandling;
  readonly PayloadKeys: typeof PayloadKeys;
  readonly TurnMetadataKeys: typeof TurnMetadataKeys;
}

export const consts: Consts = {
  BlockKind,
  EventType,
  HookAction,
  ToolChoice,
  ToolErrorHandling,
  PayloadKeys,
  TurnMetadataKeys,
};
