type Underscored<T extends string> = T extends `${infer A}-${infer B}` ? `${A}_${Underscored<B>}` : T;

/** Words under their names in capitals: `"tool-call"` as `TOOL_CALL`. */
export type Named<T extends string> = { readonly [Word in T as Uppercase<Underscored<Word>>]: Word };

function named<T extends string>(words: readonly T[]): Named<T> {
  return Object.fromEntries(words.map((word) => [word.toUpperCase().replaceAll("-", "_"), word])) as Named<T>;
}

type Words<Text extends string> = Text extends `${infer First} ${infer Rest}` ? First | Words<Rest> : Text;

// As one text: this is parsed for every context that imports it.
function words<Text extends string>(text: Text): readonly Words<Text>[] {
  return text.split(" ") as unknown as readonly Words<Text>[];
}

/** What a block is. */
export type BlockKind = "user" | "llm_text" | "tool_call" | "tool_use" | "system" | "reasoning" | "other";
export const blockKinds: readonly BlockKind[] = words("user llm_text tool_call tool_use system reasoning other");

export type EventType =
  | "start"
  | "partial"
  | "partial-thinking"
  | "tool-call"
  | "tool-call-execute"
  | "tool-result"
  | "tool-call-execution-result"
  | "final"
  | "interrupt"
  | "error";
export const eventTypes: readonly EventType[] = words(
  "start partial partial-thinking tool-call tool-call-execute tool-result tool-call-execution-result final interrupt error",
);

/** What a tool hook can ask for. */
export type HookAction = "abort" | "retry" | "continue";
export const hookActions: readonly HookAction[] = words("abort retry continue");

export type ToolChoice = "auto" | "none" | "required";
export const toolChoices: readonly ToolChoice[] = words("auto none required");

export type ToolErrorHandling = "continue" | "abort" | "retry";
export const toolErrorHandlings: readonly ToolErrorHandling[] = words("continue abort retry");

export interface Consts {
  readonly BlockKind: Named<BlockKind>;
  readonly EventType: Named<EventType>;
  readonly HookAction: Named<HookAction>;
  readonly ToolChoice: Named<ToolChoice>;
  readonly ToolErrorHandling: Named<ToolErrorHandling>;
  /** Keys of the payloads of blocks. */
  readonly PayloadKeys: Named<"text" | "id" | "name" | "args" | "result" | "error">;
  /** Keys of a turn's metadata that runs write or read. */
  readonly TurnMetadataKeys: Named<"session_id" | "inference_id" | "trace_id">;
}

export const consts: Consts = {
  BlockKind: named(blockKinds),
  EventType: named(eventTypes),
  HookAction: named(hookActions),
  ToolChoice: named(toolChoices),
  ToolErrorHandling: named(toolErrorHandlings),
  PayloadKeys: named(words("text id name args result error")),
  TurnMetadataKeys: named(words("session_id inference_id trace_id")),
};
