import type { JsonValue } from "../event/json.ts";

/** A piece of a user's message that is not only text. */
export interface MessagePart {
  readonly type: string;
  readonly [more: string]: JsonValue | undefined;
}

/** What the user asks, and of whom. Plain JSON: it is stored, compared and sent. */
export interface TurnInput {
  readonly message: string | readonly MessagePart[];
  /** Which agent answers. Absent: `default`. */
  readonly agent?: string;
  /** Whatever else the product hands its agent. */
  readonly data?: JsonValue;
}

export const DEFAULT_AGENT = "default";
