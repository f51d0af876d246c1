import { checkList, checkObject, refuse } from "../internal/check-argument.ts";
import { type BlockKind, blockKinds } from "./consts.ts";
import { isPlainObject } from "./plain-data.ts";

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
  readonly blocks: readonly Block[];
  readonly count: number;
  readonly last: Block | undefined;
}

/** Where what was not seen begins: at the start of another list, or one that was not only added to. */
export function firstUnseen(blocks: readonly Block[], seen: BlocksSeen | undefined): number {
  return seen?.blocks === blocks && blocks[seen.count - 1] === seen.last ? seen.count : 0;
}

/** Refuses what is no turn, saying who gave it: the two texts in one. It is not copied. */
export function checkTurn(value: unknown, whose: string, what = "", seen?: BlocksSeen): Turn {
  const { blocks } = (value ?? {}) as { readonly blocks?: unknown };
  if (!Array.isArray(blocks)) {
    checkObject(whose + what, value);
    checkList(`${whose}${what}.blocks`, blocks);
  }
  const list = blocks as readonly Block[];
  for (let index = firstUnseen(list, seen); index < list.length; index++) {
    checkBlock(list[index], whose, what, index);
  }
  return value as Turn;
}

export function isKind(kind: unknown): kind is BlockKind {
  return blockKinds.includes(kind as BlockKind);
}

/** Refuses what is no block. Its name is put together only for the message. */
export function checkBlock(value: unknown, whose: string, what = "", index?: number): Block {
  const { kind, payload } = (value ?? {}) as Partial<Block>;
  const isKnown = blockKinds.includes(kind as BlockKind);
  if (isKnown && (payload === undefined || isPlainObject(payload))) return value as Block;
  const name = whose + what + (index === undefined ? "" : `.blocks[${index}]`);
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
