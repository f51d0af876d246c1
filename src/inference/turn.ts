import { checkObject } from "../internal/check-argument.ts";
import { describeValue } from "../internal/describe-value.ts";
import { BlockKind } from "./consts.ts";
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

const KINDS: ReadonlySet<string> = new Set(Object.values(BlockKind));

/** Refuses what is no turn, saying who gave it. It is not copied. */
export function checkTurn(value: unknown, name: string): Turn {
  checkObject(name, value);
  const { blocks } = value as { readonly blocks?: unknown };
  if (!Array.isArray(blocks)) {
    throw new TypeError(`${name}.blocks must be an array, got ${describeValue(blocks)}`);
  }
  for (let index = 0; index < blocks.length; index++) {
    // The name is for a message that is hardly ever written.
    if (!isBlock(blocks[index])) checkBlock(blocks[index], `${name}.blocks[${index}]`);
  }
  return value as Turn;
}

function isBlock(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { kind, payload } = value as Partial<Block>;
  return kind !== undefined && KINDS.has(kind) && (payload === undefined || isPlainObject(payload));
}

export function checkBlock(value: unknown, name: string): Block {
  checkObject(name, value);
  const { kind, payload } = value as { readonly kind?: unknown; readonly payload?: unknown };
  if (typeof kind !== "string" || !KINDS.has(kind)) {
    throw new TypeError(`${name}.kind must be one of ${[...KINDS].join(", ")}, got ${describeValue(kind)}`);
  }
  if (payload !== undefined && !isPlainObject(payload)) {
    throw new TypeError(`${name}.payload must be a plain object, got ${describeValue(payload)}`);
  }
  return value as Block;
}

/** What the model said last: the texts after the last thing that was said to it. */
export function answerText(turn: Turn): string {
  let text = "";
  for (let index = turn.blocks.length - 1; index >= 0; index--) {
    const block = turn.blocks[index];
    if (block?.kind === BlockKind.USER || block?.kind === BlockKind.TOOL_USE) break;
    if (block?.kind === BlockKind.LLM_TEXT) text = textOf(block) + text;
  }
  return text;
}

export function textOf(block: Block): string {
  const text = block.payload?.["text"];
  return typeof text === "string" ? text : "";
}
