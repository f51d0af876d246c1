import type { Cursor } from "../event/cursor.ts";
import type { TurnIdentity } from "../event/identity.ts";
import type { TurnEvent } from "../event/turn-event.ts";
import type { TokenUsage } from "../event/usage.ts";

/** What a `produce` hook gets. */
export interface TurnContext {
  readonly identity: TurnIdentity;
  readonly executionId?: string;
  /** The last event that the client has; a producer that can go on from there may. */
  readonly lastEventId?: Cursor;
  /** Fires when the turn is stopped: the producer should stop working and paying. */
  readonly signal: AbortSignal;
}

/** What a `produce` hook returns: the turn's events, and the answer once they are drained. */
export interface TurnProducer {
  readonly stream: AsyncIterable<TurnEvent>;
  /** Read once, after the stream has ended. */
  finalText(): string;
  /** Read once, after the stream has ended. */
  usage?(): TokenUsage | undefined;
}
