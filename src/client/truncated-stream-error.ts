import type { Cursor } from "../event/cursor.ts";
import { TurnError } from "../errors.ts";

/**
 * A stream of events that stopped without saying how the turn ended. The turn itself may well go on: attach to it again,
 * after `lastEventId` where there is one.
 */
export class TruncatedStreamError extends TurnError {
  override readonly name: string = "TruncatedStreamError";
  /** The id of the last stored event that was read. */
  declare readonly lastEventId?: Cursor;

  constructor(message: string, options: { readonly cause?: unknown; readonly lastEventId?: Cursor } = {}) {
    super("truncated-stream", message, options);
    if (options.lastEventId !== undefined) this.lastEventId = options.lastEventId;
  }
}
