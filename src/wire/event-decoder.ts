import { isTurnError, TurnError } from "../errors.ts";
import type { TurnEvent } from "../event/turn-event.ts";
import { checkCount } from "../internal/check-argument.ts";
import { describeValue } from "../internal/describe-value.ts";
import { MAX_EVENT_BYTES, MAX_EVENT_DEPTH } from "./event-json.ts";

/** Bounds of what a decoder takes from a stranger. */
export interface DecoderLimits {
  /** Bytes of one event, its framing included. Default 32 MiB. */
  readonly maxEventBytes?: number;
  /** How deep one event's JSON may nest. Default 256. */
  readonly maxDepth?: number;
}

/**
 * Turns bytes into events, whatever pieces the bytes come in. Events that stand before a malformed one are delivered
 * before the error is thrown; after an error the decoder stays failed.
 */
export interface EventDecoder {
  /** Takes the next bytes and calls `onEvent` for each event that is now whole. */
  push(chunk: Uint8Array, onEvent: (event: TurnEvent) => void): void;
  /** Says that the bytes are over. A last event without its line end counts; half an event is `truncated-stream`. */
  end(onEvent: (event: TurnEvent) => void): void;
}

/** The limits with their defaults; refuses those that are no limits. */
export function resolveLimits(limits: DecoderLimits): Required<DecoderLimits> {
  const { maxEventBytes = MAX_EVENT_BYTES, maxDepth = MAX_EVENT_DEPTH } = limits;
  checkCount("maxEventBytes", maxEventBytes, 1);
  checkCount("maxDepth", maxDepth, 1);
  return { maxEventBytes, maxDepth };
}

/** Keeps a decoder that failed once failed: the bytes after a malformed event cannot be trusted. */
export function failFast(decoder: EventDecoder): EventDecoder {
  let failure: { readonly error: unknown } | undefined;
  const guard = (body: () => void): void => {
    if (failure !== undefined) throw failure.error;
    try {
      body();
    } catch (error) {
      failure = { error };
      throw error;
    }
  };
  return {
    push(chunk, onEvent) {
      if (!ArrayBuffer.isView(chunk)) throw new TypeError(`chunk must be a Uint8Array, got ${describeValue(chunk)}`);
      guard(() => decoder.push(chunk, onEvent));
    },
    end: (onEvent) => guard(() => decoder.end(onEvent)),
  };
}

/** The last event has no end: when it does not parse, the bytes were cut off rather than wrong. */
export function asTruncation(decodeRest: () => void): void {
  try {
    decodeRest();
  } catch (cause) {
    if (!isTurnError(cause, "malformed-event")) throw cause;
    throw new TurnError("truncated-stream", `The bytes end inside an event. ${cause.message}`, { cause });
  }
}
