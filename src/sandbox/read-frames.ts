import type { Clock } from "../internal/clock.ts";
import { ignoreRejection } from "../internal/ignore-rejection.ts";
import { MAX_EVENT_BYTES } from "../wire/event-json.ts";
import { type SseFrame, SseFrameReader } from "../wire/sse-frames.ts";
import type { Redact } from "./redact.ts";
import { severed, thrownFailure } from "./remote-failure.ts";
import { isObject } from "./remote-outcome.ts";
import type { SandboxEvent } from "./sandbox-sdk.ts";
import type { Leftover, RemoteStream } from "./sandbox-transport.ts";
import { createStallGuard } from "./stall-guard.ts";

/** What a frame's data means where it is no object. */
const DONE_MARK = "[DONE]";
const BATCH = 128;
/** How long a connection that has said its last event may take to end. */
const LINGER_MS = 50;

export interface ReadFramesOptions {
  readonly clock: Clock;
  readonly redact: Redact;
  /** For what goes wrong with the bytes. */
  readonly redactError: Redact;
  /** Ends the reading. */
  readonly signal: AbortSignal;
  /** How long no bytes may come, be they only a comment that keeps the connection open. */
  readonly stallMs: number;
  /** Ends a connection that fell silent; `signal` fires with it. */
  readonly giveUp: () => void;
  /** The reader is done with it, one way or the other. */
  readonly onEnd: () => void;
}

/** The sandbox's event stream, a batch per chunk of bytes. */
export function readFrames(body: ReadableStream<Uint8Array>, options: ReadFramesOptions): RemoteStream {
  const { clock, redact, redactError, signal, stallMs, giveUp, onEnd } = options;
  let leftover: Leftover | undefined;

  async function* batches(): AsyncGenerator<readonly SandboxEvent[], void, undefined> {
    const frames = new SseFrameReader({ maxFrameBytes: MAX_EVENT_BYTES, rewrite: redact });
    const reader = body.getReader();
    const read = (): ReturnType<typeof reader.read> => {
      const reading = reader.read();
      // Whoever leaves does not wait for it.
      ignoreRejection(reading);
      return reading;
    };
    const cancel = (): void => void reader.cancel().catch(() => undefined);
    // Not every `fetch` ends its body with its signal, and a read that hangs would hang for ever.
    signal.addEventListener("abort", cancel, { once: true });
    let coming = read();
    let broke = false;
    let stalled = false;
    const guard = createStallGuard(clock, stallMs, () => {
      stalled = true;
      giveUp();
    });
    try {
      for (;;) {
        const { done, value } = await coming;
        guard.hold();
        if (done) break;
        // On its way while these bytes are worked on.
        coming = read();
        const whole: SseFrame[] = [];
        let broken: { readonly error: unknown } | undefined;
        try {
          frames.push(value, (frame) => whole.push(frame));
        } catch (error) {
          broken = { error };
        }
        // A few at a time, each read only when the ones before it are gone: events that wait in a long batch would all
        // be carried along by the garbage collector.
        for (let from = 0; from < whole.length; from += BATCH) {
          const batch: SandboxEvent[] = [];
          const failure = parseInto(batch, whole.slice(from, from + BATCH));
          // What stood whole before the bytes went wrong is whole.
          if (batch.length > 0) yield batch;
          if (failure !== undefined) throw failure.error;
        }
        if (broken !== undefined) throw broken.error;
        guard.touch();
      }
      if (!stalled) leftover = readLeftover(frames);
    } catch (error) {
      broke = true;
      if (!stalled) throw thrownFailure(error, redactError);
    } finally {
      guard.stop();
      onEnd();
      signal.removeEventListener("abort", cancel);
      if (broke || signal.aborted) cancel();
      else letEnd(coming, cancel, clock);
    }
    if (stalled) throw severed(`The sandbox was silent for ${stallMs} ms`);
  }

  return { batches: batches(), leftover: () => leftover };
}

/**
 * After the last event mostly nothing comes but the end: a connection that is let come to it can serve the next request.
 * One that goes on is cancelled, for its reader has left.
 */
function letEnd(last: Promise<{ readonly done: boolean }>, cancel: () => void, clock: Clock): void {
  const giveUp = clock.after(LINGER_MS, cancel);
  last.then(
    ({ done }) => {
      giveUp();
      if (!done) cancel();
    },
    () => giveUp(),
  );
}

function parseInto(batch: SandboxEvent[], frames: readonly SseFrame[]): { readonly error: unknown } | undefined {
  try {
    for (const frame of frames) {
      const event = parseFrame(frame);
      if (event !== undefined) batch.push(event);
    }
    return undefined;
  } catch (error) {
    return { error };
  }
}

/** A frame as an event; undefined for a mark that says nothing. Throws for data that is cut off or no JSON. */
export function parseFrame({ data, event, id }: SseFrame): SandboxEvent | undefined {
  if (data === DONE_MARK || data === "") return undefined;
  const value: unknown = JSON.parse(data);
  if (!isObject(value)) return newEvent(event ?? "message", { value }, id);
  const { type, data: inner } = value;
  // Some senders name the frame and put the payload in, some put the whole event in, with the name or without.
  const isNamed = event !== undefined && event !== "message";
  if (typeof type !== "string" || (isNamed && !(event === type && isObject(inner)))) {
    return newEvent(event ?? "message", value, id);
  }
  if (!isObject(inner)) return newEvent(type, withoutType(value), id);
  const innerId = value["id"];
  return newEvent(type, inner, id ?? (typeof innerId === "string" ? innerId : undefined));
}

// One shape per kind, and no spreading: this is done for every event.
function newEvent(type: string, data: Readonly<Record<string, unknown>>, id: string | undefined): SandboxEvent {
  return id === undefined || id === "" ? { type, data } : { type, data, id };
}

/**
 * The frame that no blank line ended. It may be a last frame whose sender leaves the line out, or one that was cut off in
 * its id: whoever reads on decides which.
 */
function readLeftover(frames: SseFrameReader): Leftover | undefined {
  try {
    const frame = frames.end();
    const event = frame === undefined ? undefined : parseFrame(frame);
    if (frame === undefined || event === undefined) return undefined;
    return { event, key: JSON.stringify([frame.event, frame.id, frame.data]) };
  } catch {
    // Cut off in the middle of its JSON, or of a character.
    return undefined;
  }
}

function withoutType({ type: _type, ...rest }: Record<string, unknown>): Record<string, unknown> {
  return rest;
}
