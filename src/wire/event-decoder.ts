import { isTurnError, TurnError } from "../errors.ts";
import type { TurnEvent } from "../event/turn-event.ts";
import { type Check, checkFields, countFrom, mustBe } from "../internal/check-argument.ts";
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
  const checkLimit: Check<number> = countFrom(1);
  checkFields({ maxEventBytes, maxDepth }, { maxEventBytes: checkLimit, maxDepth: checkLimit });
  return { maxEventBytes, maxDepth };
}

/** Cuts bytes into what each holds an event: lines, or frames. */
interface PieceReader<Piece> {
  push(chunk: Uint8Array, onPiece: (piece: Piece) => void): void;
  /** The last piece, if it has no end of its own. */
  end(): Piece | undefined;
}

/** A decoder that parses each piece. Once failed it stays failed: bytes after a malformed event cannot be trusted. */
export function createDecoder<Piece>(
  reader: PieceReader<Piece>,
  parse: (piece: Piece) => TurnEvent | undefined,
): EventDecoder {
  let failure: { readonly error: unknown } | undefined;

  function decode(onEvent: (event: TurnEvent) => void, read: (onPiece: (piece: Piece) => void) => void): void {
    if (failure !== undefined) throw failure.error;
    try {
      read((piece) => {
        const event = parse(piece);
        if (event !== undefined) onEvent(event);
      });
    } catch (error) {
      failure = { error };
      throw error;
    }
  }

  return {
    push(chunk, onEvent) {
      checkBytes("chunk", chunk);
      decode(onEvent, (onPiece) => reader.push(chunk, onPiece));
    },
    end(onEvent) {
      decode(onEvent, (onPiece) => {
        try {
          // In here too, for bytes that end in the middle of a character.
          const rest = reader.end();
          if (rest !== undefined) onPiece(rest);
        } catch (cause) {
          // The last event has no end: when it does not parse, the bytes were cut off rather than wrong.
          if (!isTurnError(cause, "malformed-event")) throw cause;
          throw new TurnError("truncated-stream", `The bytes end inside an event. ${cause.message}`, { cause });
        }
      });
    },
  };
}

const checkBytes: Check<Uint8Array> = /* @__PURE__ */ mustBe("a Uint8Array", (chunk) => ArrayBuffer.isView(chunk));
