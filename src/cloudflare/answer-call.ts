import type { TurnEvent } from "../event/turn-event.ts";
import { isTurnError, TurnError } from "../errors.ts";
import { onAbort } from "../internal/on-abort.ts";
import type { Attachment, Substrate } from "../substrate/substrate.ts";
import { type BytePipe, createBytePipe } from "../wire/byte-pipe.ts";
import { encodeNdjson, NDJSON_TYPE } from "../wire/ndjson.ts";
import { CREATED_HEADER, describeRefusal, logEnded, logFailed, type ObjectCall } from "./object-call.ts";

/** What waits for a reader that is slow; the rest stays in the log. */
const MAX_BUFFERED_BYTES = 256 * 1024;

/** The object that a call is answered in. */
export interface CalledObject {
  readonly engine: () => Substrate;
  /** Whether nothing was ever opened here: to be asked about it must not begin to fill its storage. */
  readonly isEmpty: boolean;
  readonly log: (message: string, meta: Record<string, unknown>) => void;
}

/** Answers a call inside the object. */
export async function answerCall(request: Request, { engine, isEmpty, log }: CalledObject): Promise<Response> {
  try {
    const call = await readCall(request);
    return isEmpty && call.call !== "open" ? answerEmpty(call) : await answer(call, engine(), request.signal);
  } catch (error) {
    const isRefusal = isTurnError(error) || error instanceof TypeError || error instanceof RangeError;
    if (!isRefusal) log("A call of the object failed", { error });
    return Response.json(describeRefusal(error), { status: isTurnError(error) ? error.status : isRefusal ? 400 : 500 });
  }
}

async function readCall(request: Request): Promise<ObjectCall> {
  try {
    return (await request.json()) as ObjectCall;
  } catch (cause) {
    throw new TypeError("Cannot answer: expected a call as JSON", { cause });
  }
}

async function answer(call: ObjectCall, engine: Substrate, left: AbortSignal): Promise<Response> {
  switch (call.call) {
    case "open":
      return logResponse((signal) => engine.open({ ...call.request, signal }), left);
    case "attach": {
      const { executionId, after } = call;
      return logResponse(
        (signal) => engine.attach(executionId, { signal, ...(after === undefined ? {} : { after }) }),
        left,
      );
    }
    case "inspect":
      return Response.json((await engine.inspect(call.executionId)) ?? null);
    case "cancel": {
      const { executionId, reason } = call;
      return Response.json(await engine.cancel(executionId, reason === undefined ? {} : { reason }));
    }
    case "decide":
      return Response.json(await engine.decide(call.executionId, call.approvalId, call.decision));
    case "list":
      return Response.json((await engine.list?.(call.filter)) ?? []);
    default:
      return unknownCall(call);
  }
}

/** What an object says of which nothing was ever asked. */
function answerEmpty(call: Exclude<ObjectCall, { call: "open" }>): Response {
  switch (call.call) {
    case "inspect":
      return Response.json(null);
    case "list":
      return Response.json([]);
    case "attach":
    case "cancel":
    case "decide":
      throw new TurnError("execution-not-found", `There is no execution ${call.executionId}`);
    default:
      return unknownCall(call);
  }
}

function unknownCall(call: never): never {
  throw new TypeError(`Cannot answer: expected a call of this library, got ${JSON.stringify(call).slice(0, 100)}`);
}

async function logResponse(attach: (signal: AbortSignal) => Promise<Attachment>, left: AbortSignal): Promise<Response> {
  const reader = new AbortController();
  const leave = (): void => reader.abort();
  // Heard only with the compatibility flag `enable_request_signal`; without it a reader is forgotten when the run ends.
  const forget = onAbort(left, leave);
  const { created, events } = await attach(reader.signal);
  const pipe = createBytePipe({ maxBufferedBytes: MAX_BUFFERED_BYTES, onLeave: leave });
  void sendLog(events, pipe, reader.signal).finally(() => {
    forget();
    pipe.close();
  });
  const headers = { "content-type": NDJSON_TYPE, [CREATED_HEADER]: created ? "1" : "0" };
  return new Response(pipe.readable, { headers });
}

/** Hands events on as fast as the reader takes them. A reader that left may never be heard of: nothing else waits here. */
async function sendLog(events: AsyncIterable<TurnEvent>, pipe: BytePipe, left: AbortSignal): Promise<void> {
  try {
    for await (const event of events) {
      if (left.aborted) return;
      const room = pipe.write(encodeNdjson(event));
      if (room !== undefined) await room;
    }
    void pipe.write(encodeNdjson(logEnded()));
  } catch (error) {
    void pipe.write(encodeNdjson(logFailed(error)));
  }
}
