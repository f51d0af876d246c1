import { HEARTBEAT, type TurnEvent } from "../event/turn-event.ts";
import type { Attachment } from "../substrate/substrate.ts";
import { startKeepAlive } from "../turn/keep-alive.ts";
import { type EventStream, openEventStream } from "./event-stream.ts";
import type { RouteCall } from "./route-call.ts";

const HEARTBEAT_EVENT: TurnEvent = { type: HEARTBEAT, data: {} };
/** Some servers (Bun) hold even the headers back until there is a byte to send. */
const FIRST_SILENCE_MS = 250;

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
  const { clock, keepAliveMs } = routes;
  const beat = (): void => {
    if (!pipe.full) void pipe.write(frame(HEARTBEAT_EVENT, JSON.stringify(HEARTBEAT_EVENT)));
  };
  const keepAlive = startKeepAlive(clock, keepAliveMs, beat);
  const stopFirst = clock.after(
    keepAliveMs > FIRST_SILENCE_MS && keepAliveMs < Infinity ? FIRST_SILENCE_MS : Infinity,
    beat,
  );
  try {
    for await (const event of events) {
      if (left.aborted) break;
      // Encoded once before it was stored: it is known to be JSON, and within bounds.
      const room = pipe.write(frame(event, JSON.stringify(event)));
      keepAlive.noted();
      stopFirst();
      if (room !== undefined) await room;
    }
  } catch (error) {
    if (!left.aborted) routes.log("A reader's events broke off", { executionId, error });
  }
  keepAlive.stop();
  stopFirst();
  pipe.close();
}
