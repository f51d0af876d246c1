import { checkName, checkObject } from "../internal/check-argument.ts";
import { type BlockKind, blockKinds } from "./consts.ts";
import { clonePlain } from "./plain-data.ts";
import { type Block, checkBlock, copyTurn, type Turn } from "./turn.ts";

/** Makes turns and blocks. Nothing that is given is kept: all is copied. */
export interface Turns {
  /** A whole turn from one that may lack its blocks; a kind that is not known becomes `other`. */
  readonly normalize: (turn: Partial<Omit<Turn, "blocks">> & { readonly blocks?: readonly object[] }) => Turn;
  readonly newTurn: (turn?: Partial<Turn>) => Turn;
  /** A new turn with one more block. */
  readonly appendBlock: (turn: Turn, block: Block) => Turn;
  readonly newUserBlock: (text: string) => Block;
  readonly newSystemBlock: (text: string) => Block;
  readonly newAssistantBlock: (text: string) => Block;
  readonly newToolCallBlock: (id: string, name: string, args: unknown) => Block;
  readonly newToolUseBlock: (id: string, result: unknown, error?: string) => Block;
}

function newTurn(given: Partial<Turn> = {}): Turn {
  checkObject("turn", given);
  return copyTurn({ ...given, blocks: given.blocks ?? [] }, "turn");
}

const textBlock =
  (kind: BlockKind, role: string) =>
  (text: string): Block => ({ kind, role, payload: { text: String(text) } });

/** A tool's result, or its error, for a call whose id is one. */
export function toolUse(id: string, result: unknown, error: string | undefined): Block {
  const payload: Record<string, unknown> = { id, result: clonePlain(result) };
  if (error !== undefined) payload["error"] = String(error);
  return { kind: "tool_use", role: "tool", payload };
}

export const turns: Turns = {
  normalize(given) {
    checkObject("turn", given);
    const turn = { ...given } as Partial<Turn>;
    if (Array.isArray(turn.blocks)) {
      turn.blocks = turn.blocks.map((block: Partial<Block> | null) => {
        const isOther = typeof block?.kind === "string" && !blockKinds.includes(block.kind);
        return (isOther ? { ...block, kind: "other" } : block) as Block;
      });
    }
    return newTurn(turn);
  },
  newTurn,
  appendBlock(given, block) {
    const turn = copyTurn(given, "turn");
    turn.blocks.push(clonePlain(checkBlock(block, "block")));
    return turn;
  },
  newUserBlock: textBlock("user", "user"),
  newSystemBlock: textBlock("system", "system"),
  newAssistantBlock: textBlock("llm_text", "assistant"),
  newToolCallBlock(id, name, args) {
    checkName("id", id);
    checkName("name", name);
    return { id, kind: "tool_call", role: "assistant", payload: { id, name, args: clonePlain(args) } };
  },
  newToolUseBlock(id, result, error) {
    checkName("id", id);
    return toolUse(id, result, error);
  },
};
