import type { Context } from "hono";
import type { Cursor } from "../event/cursor.ts";
import type { TurnIdentity } from "../event/identity.ts";
import { defined } from "../internal/defined.ts";
import { onAbort } from "../internal/on-abort.ts";
import { bindHooks, type ChatTurnHooks, type OwnerHooks } from "../turn/chat-turn-hooks.ts";
import { resolveChatTurn } from "../turn/chat-turn-input.ts";
import { playTurn } from "../turn/play-turn.ts";
import { openEventStream } from "./event-stream.ts";
import type { RouteCall } from "./route-call.ts";

/*
 * All that plays a turn in the request itself. Loaded where it is needed alone: over a substrate that stores whole turns
 * the routes only hand events on.
 */

export { fromSubstrate } from "../turn/from-substrate.ts";

export interface OwnTurn {
  readonly identity: TurnIdentity;
  readonly executionId: string;
  readonly after: Cursor | undefined;
  readonly hooks: OwnerHooks;
  readonly produce: ChatTurnHooks["produce"];
}

/** Answers with a turn that is played here, as `handleChatTurn` does, in the format that the client wants. */
export function respondWithTurn(call: RouteCall, own: OwnTurn): Response {
  const { routes, context } = call;
  const { identity, executionId, after, produce } = own;
  const { pipe, frame, left, response } = openEventStream(call, executionId);
  const turn = resolveChatTurn({
    ...routes.turnSettings,
    identity,
    executionId,
    hooks: { ...(bindHooks(own.hooks) as OwnerHooks), produce },
    keepAliveMs: routes.keepAliveMs,
    maxBufferedBytes: routes.limits.maxBufferedBytes,
    ...defined({ lastEventId: after, waitUntil: waitUntilOf(context) }),
  });
  const played = playTurn(turn, {
    deliver: (event, json) => pipe.write(frame(event, json)),
    get full() {
      return pipe.full;
    },
  });
  onAbort(left, played.leave);
  void played.finished.finally(() => pipe.close());
  return response();
}

/** The platform's own way to keep a turn alive after its response; most have none. */
function waitUntilOf(context: Context): ((promise: Promise<unknown>) => void) | undefined {
  try {
    const { executionCtx } = context;
    return (promise) => executionCtx.waitUntil(promise);
  } catch {
    return undefined;
  }
}
