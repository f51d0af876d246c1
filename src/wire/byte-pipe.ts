import { createDeferred, type Deferred } from "../internal/deferred.ts";

/** Text is encoded in pieces of about this many characters, so that a busy turn does not pay for each event alone. */
const CHUNK_CHARS = 16 * 1024;
/** After how many microtasks without a further write what is there is sent. More than a generator needs per event. */
const QUIET_TICKS = 6;

const oneTick: Promise<void> = Promise.resolve();

/** A body that is written as text, piece by piece, and read as bytes. */
export interface BytePipe {
  readonly readable: ReadableStream<Uint8Array>;
  /**
   * Adds text, which does not end inside a surrogate pair. A promise means: wait for it before writing more, or what is
   * buffered grows past its bound.
   */
  write(text: string): Promise<void> | undefined;
  /** Whether the reader has fallen behind by more than the bound. */
  readonly full: boolean;
  /** No more text comes: the reader gets what is left, then the end. */
  close(): void;
}

/**
 * The thin step between a turn and its bytes.
 *
 * Invariants: text leaves in the order in which it was written; what is ready at once leaves together, and what is
 * ready alone leaves before the next macrotask; at most `maxBufferedBytes` and one write more are kept for a reader that
 * is slow, and nothing for one that left.
 *
 * Not its job: what the text means.
 */
export function createBytePipe(options: {
  readonly maxBufferedBytes: number;
  readonly onLeave?: () => void;
}): BytePipe {
  const { maxBufferedBytes, onLeave } = options;
  const encoder = new TextEncoder();
  const chunks: Uint8Array[] = [];
  let chunkBytes = 0;
  let text = "";
  let writes = 0;
  let state: "open" | "closing" | "over" = "open";
  /** Whether the reader waits for bytes. */
  let wanted = false;
  let watching = false;
  let room: Deferred<void> | undefined;
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;

  const isFull = (): boolean => chunkBytes + text.length > maxBufferedBytes;

  function encodeText(): void {
    if (text === "") return;
    const bytes = encoder.encode(text);
    text = "";
    chunks.push(bytes);
    chunkBytes += bytes.length;
  }

  /** Hands the reader, who waits, one chunk if there is one; ends the stream after the last. */
  function send(): void {
    if (controller === undefined) return;
    if (chunks.length === 0) encodeText();
    const chunk = chunks.shift();
    if (chunk !== undefined) {
      wanted = false;
      chunkBytes -= chunk.length;
      controller.enqueue(chunk);
      if (room !== undefined && !isFull()) makeRoom();
    }
    endWhenEmpty();
  }

  function endWhenEmpty(): void {
    if (state !== "closing" || chunks.length > 0 || text !== "") return;
    state = "over";
    controller?.close();
  }

  function makeRoom(): void {
    const waiting = room;
    room = undefined;
    waiting?.resolve();
  }

  /** Sends what is there once the writer has been quiet for some microtasks: events that are ready at once share a chunk. */
  async function watch(): Promise<void> {
    watching = true;
    let seen = writes;
    for (let quiet = 0; wanted && quiet < QUIET_TICKS; quiet++) {
      await oneTick;
      if (seen !== writes) {
        seen = writes;
        quiet = 0;
      }
    }
    watching = false;
    if (wanted) send();
  }

  const readable = new ReadableStream<Uint8Array>(
    {
      start(given) {
        controller = given;
      },
      pull() {
        wanted = true;
        if (chunks.length > 0 || state !== "open") send();
        else if (text !== "" && !watching) void watch();
      },
      cancel() {
        state = "over";
        wanted = false;
        chunks.length = 0;
        chunkBytes = 0;
        text = "";
        makeRoom();
        onLeave?.();
      },
    },
    // Nothing is taken from the buffer before somebody reads: the pipe itself is the buffer.
    { highWaterMark: 0 },
  );

  return {
    readable,
    write(more) {
      if (state !== "open") return undefined;
      writes++;
      text += more;
      if (text.length >= CHUNK_CHARS) {
        encodeText();
        if (wanted) send();
      } else if (wanted && !watching) {
        void watch();
      }
      if (!isFull()) return undefined;
      room ??= createDeferred();
      return room.promise;
    },
    get full() {
      return state === "open" && isFull();
    },
    close() {
      if (state !== "open") return;
      state = "closing";
      makeRoom();
      if (wanted) send();
      else endWhenEmpty();
    },
  };
}
