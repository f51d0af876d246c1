import type { Cursor } from "../event/cursor.ts";
import { defined } from "../internal/defined.ts";
import { isEnded } from "../substrate/execution.ts";
import type { Substrate } from "../substrate/substrate.ts";
import type { OwnerHooks } from "../turn/chat-turn-hooks.ts";
import { openEventStream } from "./event-stream.ts";
import { type OwnExecution, ownExecution, requireSnapshot } from "./own-execution.ts";
import { loadOwnTurns } from "./load-own-turns.ts";
import { cursorOf, type RouteCall } from "./route-call.ts";
import { respondWithStored } from "./send-stored-events.ts";

/**
 * `GET /turns/:executionId/events`: the events after a cursor, then what happens live. A reader that has the last event
 * already gets 204, at which an `EventSource` stops asking.
 */
export async function attachTurn(call: RouteCall): Promise<Response> {
  const own = await ownExecution(call);
  const after = await cursorOf(call);
  const { source } = call.routes;
  if (source.kind === "raw") return reopen(call, own, after, source.hooks);
  if (after !== undefined) {
    const { state, lastEventId } = await requireSnapshot(own);
    if (isEnded(state) && lastEventId === after) return new Response(null, { status: 204 });
  }
  return respondWithStored(call, own.executionId, (signal) =>
    own.substrate.attach(own.executionId, defined({ signal, after })),
  );
}

/**
 * A log of raw events is wrapped anew for each reader: its hooks run here too, which is how an answer is kept although
 * the handler that began the turn has gone.
 */
async function reopen(
  call: RouteCall,
  own: OwnExecution,
  after: Cursor | undefined,
  hooks: OwnerHooks,
): Promise<Response> {
  const { substrate, executionId, sessionId, turnIndex } = own;
  await requireSnapshot(own);
  // Headers alone are no reason to play a turn.
  if (call.head) return openEventStream(call, executionId).response();
  const { tenantId, userId } = call.tenancy;
  // `attach` needs no input, so that whoever reads on need not know the message.
  // Each method is called on the substrate itself, which may be of a class with private fields.
  const attached: Substrate = {
    envelope: "none",
    open: ({ signal }) => substrate.attach(executionId, defined({ signal })),
    attach: (...asked) => substrate.attach(...asked),
    inspect: (id) => substrate.inspect(id),
    cancel: (...asked) => substrate.cancel(...asked),
    decide: (...asked) => substrate.decide(...asked),
  };
  const { fromSubstrate, respondWithTurn } = await loadOwnTurns();
  return respondWithTurn(call, {
    identity: { tenantId, userId, sessionId, turnIndex },
    executionId,
    after,
    hooks,
    produce: fromSubstrate(attached, { input: { message: "" } }),
  });
}
