import { HEARTBEAT, type TurnEvent } from "../event/turn-event.ts";
import type { Attachment } from "../substrate/substrate.ts";
import { startKeepAlive } from "../turn/keep-alive.ts";
import { type EventStream, openEventStream } from "./event-stream.ts";
import type { RouteCall } from "./route-call.ts";

const HEARTBEAT_EVENT: TurnEvent = { type: HEARTBEAT, data: {} };

/** Answers with the events of an execution that lives elsewhere: a reader joins, and goes when it likes. */
export async function respondWithStored(
  call: RouteCall,
  executionId: string,
  attach: (left: AbortSignal) => Promise<Attachment>,
): Promise<Response> {
  const stream = openEventStream(call, executionId);
  const { events } = await attach(stream.left);
  if (!call.head) void sendEvents(call, executionId, events, stream);
  return stream.response();
}

/**
 * Hands events on as fast as the reader takes them: what it does not take stays where it is stored. Heartbeats are this
 * connection's own. A log that breaks off ends the answer without a terminal event, and the client comes back.
 */
async function sendEvents(
  { routes }: RouteCall,
  executionId: string,
  events: AsyncIterable<TurnEvent>,
  { pipe, frame, left }: EventStream,
): Promise<void> {
  const keepAlive = startKeepAlive(routes.clock, routes.keepAliveMs, () => {
    if (!pipe.full) void pipe.write(frame(HEARTBEAT_EVENT, JSON.stringify(HEARTBEAT_EVENT)));
  });
  try {
    for await (const event of events) {
      if (left.aborted) break;
      // Encoded once before it was stored: it is known to be JSON, and within bounds.
      const room = pipe.write(frame(event, JSON.stringify(event)));
      keepAlive.noted();
      if (room !== undefined) await room;
    }
  } catch (error) {
    if (!left.aborted) routes.log("A reader's events broke off", { executionId, error });
  }
  keepAlive.stop();
  pipe.close();
}
