import { checkName, checkObject } from "../internal/check-argument.ts";
import { BlockKind } from "./consts.ts";
import { clonePlain } from "./plain-data.ts";
import { type Block, checkBlock, checkTurn, type Turn } from "./turn.ts";

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

const KINDS: ReadonlySet<unknown> = new Set(Object.values(BlockKind));

export const turns: Turns = {
  normalize(given) {
    checkObject("turn", given);
    const turn = clonePlain(given) as Turn & { blocks?: Block[] };
    turn.blocks ??= [];
    if (Array.isArray(turn.blocks)) {
      for (const block of turn.blocks) {
        const kind: unknown = (block as Partial<Block> | null | undefined)?.kind;
        if (typeof kind === "string" && !KINDS.has(kind)) block.kind = BlockKind.OTHER;
      }
    }
    return checkTurn(turn, "turn");
  },
  newTurn: (given = {}) => checkTurn({ ...clonePlain(given), blocks: clonePlain(given.blocks ?? []) }, "turn"),
  appendBlock(given, block) {
    const turn = clonePlain(checkTurn(given, "turn"));
    turn.blocks.push(clonePlain(checkBlock(block, "block")));
    return turn;
  },
  newUserBlock: (text) => textBlock(BlockKind.USER, "user", text),
  newSystemBlock: (text) => textBlock(BlockKind.SYSTEM, "system", text),
  newAssistantBlock: (text) => textBlock(BlockKind.LLM_TEXT, "assistant", text),
  newToolCallBlock(id, name, args) {
    checkName("id", id);
    checkName("name", name);
    const payload = { id, name, args: clonePlain(args) };
    return { id, kind: BlockKind.TOOL_CALL, role: "assistant", payload };
  },
  newToolUseBlock(id, result, error) {
    checkName("id", id);
    const payload: Record<string, unknown> = { id, result: clonePlain(result) };
    if (error !== undefined) payload["error"] = String(error);
    return { kind: BlockKind.TOOL_USE, role: "tool", payload };
  },
};

function textBlock(kind: BlockKind, role: string, text: string): Block {
  return { kind, role, payload: { text: String(text) } };
}
