import { checkList, checkObject, refuse } from "../internal/check-argument.ts";
import { type BlockKind, blockKinds } from "./consts.ts";
import { clonePlainFor, isPlainObject } from "./plain-data.ts";

// A global is looked up each time, which is slow in a VM.
const { isArray } = Array;

/** One piece of a turn. Text kinds carry `{ text }`, a tool call `{ id, name, args }`, a tool use `{ id, result, error }`. */
export interface Block {
  /** Of a tool call: the call's id. */
  id?: string;
  kind: BlockKind;
  role?: string;
  payload?: Record<string, unknown>;
  metadata?: Record<string, unknown>;
}

/** What a model is asked and what it answered: a list of blocks. Engines and middlewares may change one in place. */
export interface Turn {
  id?: string;
  blocks: Block[];
  metadata?: Record<string, unknown>;
  data?: Record<string, unknown>;
}

/** How far a list of blocks was looked at, so that a long one is not looked through again for each of its additions. */
export interface BlocksSeen {
  blocks: readonly Block[];
  count: number;
  last: Block | undefined;
}

/** Where what was not seen begins: at the start of another list, or one that was not only added to. */
export function firstUnseen(blocks: readonly Block[], seen: BlocksSeen | undefined): number {
  return seen?.blocks === blocks && blocks[seen.count - 1] === seen.last ? seen.count : 0;
}

/**
 * A turn to the depth of its data, anew; with `twice`, two of them. What is no turn is refused. It knows where a turn holds
 * data: to look for that in each block is a good part of what a copy costs in a VM. What else somebody has put on a turn or a
 * block goes along as it is.
 */
export function copyTurns(value: unknown, whose: string, twice: boolean): { readonly one: Turn; readonly other: Turn } {
  const turn = checkTurn(value, whose);
  const { blocks } = turn;
  const one: Turn = { ...turn, blocks: [] };
  const other: Turn = twice ? { ...turn, blocks: [] } : one;
  clonePlainFor("metadata", one, other);
  clonePlainFor("data", one, other);
  for (let index = 0; index < blocks.length; index++) {
    const block = { ...(blocks[index] as Block) };
    const twin = twice ? { ...block } : block;
    clonePlainFor("payload", block, twin);
    clonePlainFor("metadata", block, twin);
    one.blocks[index] = block;
    other.blocks[index] = twin;
  }
  return { one, other };
}

export function copyTurn(value: unknown, whose: string): Turn {
  return copyTurns(value, whose, false).one;
}

/** Refuses what is no turn, saying whose it is. It is not copied. */
export function checkTurn(value: unknown, whose: string, seen?: BlocksSeen): Turn {
  const turn = checkTurnItself(value, whose);
  const { blocks } = turn;
  for (let index = firstUnseen(blocks, seen); index < blocks.length; index++) checkBlock(blocks[index], whose, index);
  return turn;
}

/** Its blocks are not looked at. */
export function checkTurnItself(value: unknown, whose: string): Turn {
  const { blocks } = (value ?? {}) as { readonly blocks?: unknown };
  if (!isArray(blocks)) {
    checkObject(whose, value);
    checkList(`${whose}.blocks`, blocks);
  }
  return value as Turn;
}

/** Refuses what is no block. Its name is put together only for the message. */
export function checkBlock(value: unknown, whose: string, index?: number): Block {
  const { kind, payload } = (value ?? {}) as Partial<Block>;
  const isKnown = blockKinds.includes(kind as BlockKind);
  if (isKnown && (payload === undefined || isPlainObject(payload))) return value as Block;
  const name = whose + (index === undefined ? "" : `.blocks[${index}]`);
  checkObject(name, value);
  return isKnown
    ? refuse(`${name}.payload`, "a plain object", payload)
    : refuse(`${name}.kind`, `one of ${blockKinds.join(", ")}`, kind);
}

/** What the model said last: the texts after the last thing that was said to it. */
export function answerText({ blocks }: Turn): string {
  const last = blocks.findLastIndex(({ kind }) => kind === "user" || kind === "tool_use");
  return blocks
    .slice(last + 1)
    .map((block) => (block.kind === "llm_text" ? textOf(block) : ""))
    .join("");
}

export function textOf(block: Block | undefined): string {
  const text = block?.payload?.["text"];
  return typeof text === "string" ? text : "";
}
