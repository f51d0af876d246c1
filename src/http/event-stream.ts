import type { TurnEvent } from "../event/turn-event.ts";
import { onAbort } from "../internal/on-abort.ts";
import { type BytePipe, createBytePipe } from "../wire/byte-pipe.ts";
import { NDJSON_TYPE } from "../wire/ndjson.ts";
import { SSE_TYPE, sseFrame } from "../wire/sse.ts";
import { negotiateFormat } from "./negotiate.ts";
import type { RouteCall } from "./route-call.ts";

/** The way of one turn's events to one reader. */
export interface EventStream {
  readonly pipe: BytePipe;
  /** An event as the reader wants it written. */
  readonly frame: (event: TurnEvent, json: string) => string;
  /** Fires when the reader is gone. */
  readonly left: AbortSignal;
  readonly response: () => Response;
}

/** Nothing on the way may keep, change or hold back what is streamed. */
const STREAM_HEADERS = {
  "cache-control": "no-store, no-transform",
  "x-accel-buffering": "no",
  "x-content-type-options": "nosniff",
};

export function openEventStream({ request, routes, head }: RouteCall, executionId: string): EventStream {
  const sse = negotiateFormat(request.headers.get("accept")) === "sse";
  const left = new AbortController();
  const leave = (): void => left.abort();
  // Which of the two tells depends on the platform: the request's signal, or the body's cancel.
  onAbort(request.signal, leave);
  const pipe = createBytePipe({ maxBufferedBytes: routes.limits.maxBufferedBytes, onLeave: leave });
  return {
    pipe,
    frame: sse ? sseFrame : (_event, json) => `${json}\n`,
    left: left.signal,
    response() {
      // Nobody reads the body of an answer to HEAD.
      if (head) leave();
      return new Response(head ? null : pipe.readable, {
        headers: { ...STREAM_HEADERS, "content-type": sse ? SSE_TYPE : NDJSON_TYPE, "x-execution-id": executionId },
      });
    },
  };
}
