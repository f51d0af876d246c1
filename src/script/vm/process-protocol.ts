import type { ScriptSource, VmLimits, VmReply } from "./vm.ts";

/*
 * What goes over the pipes of a child process: lines of JSON, and once, after the first line, the engine's bytes. The
 * parent sends one command at a time and takes a reply for done; close has none.
 */

export interface ChildHello {
  readonly limits: VmLimits;
  /** How many bytes follow this line. */
  readonly payloadBytes: number;
}

export type ChildCommand =
  | readonly ["open", context: number, script: ScriptSource]
  | readonly ["enter", context: number, operation: number, first: number, second: number, text: string | null]
  | readonly ["close", context: number];

/** The first reply says that the child is ready. */
export type ChildReply = VmReply;

const NEWLINE = 10;

/** Bytes in any pieces to lines, and to a stretch of raw bytes when asked for. Holds at most `maxBytes`. */
export class LineReader {
  readonly #maxBytes: number;
  readonly #decoder = new TextDecoder();
  #pieces: Uint8Array[] = [];
  #held = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  push(piece: Uint8Array): void {
    this.#held += piece.length;
    if (this.#held > this.#maxBytes) throw new RangeError(`A line is longer than ${this.#maxBytes} bytes`);
    if (piece.length > 0) this.#pieces.push(piece);
  }

  /** The next whole line. */
  line(): string | undefined {
    // Only the last piece can hold a line's end that is new.
    const fresh = this.#pieces.findIndex((piece) => piece.includes(NEWLINE));
    if (fresh < 0) return undefined;
    const at = this.#pieces[fresh]?.indexOf(NEWLINE) ?? 0;
    const before = this.#pieces.slice(0, fresh).reduce((sum, piece) => sum + piece.length, 0);
    const bytes = this.take(before + at + 1);
    return bytes === undefined ? undefined : this.#decoder.decode(bytes.subarray(0, -1));
  }

  /** The next `count` bytes, when they are there. */
  take(count: number): Uint8Array | undefined {
    if (this.#held < count) return undefined;
    const taken = new Uint8Array(count);
    let at = 0;
    while (at < count) {
      const piece = this.#pieces[0];
      if (piece === undefined) break;
      const part = piece.subarray(0, count - at);
      taken.set(part, at);
      at += part.length;
      if (part.length < piece.length) this.#pieces[0] = piece.subarray(part.length);
      else this.#pieces.shift();
    }
    this.#held -= count;
    return taken;
  }
}
