import { malformed } from "./event-json.ts";

const LF = 0x0a;
const CR = 0x0d;
const BOM = "\ufeff";

/**
 * Cuts bytes into lines of text.
 *
 * Invariants: the lines do not depend on how the bytes were cut into chunks; what is kept between chunks is at most
 * `maxLineBytes`; a byte-order mark counts only at the very start; bytes that are no UTF-8 fail on their own line, after
 * the lines before it were delivered.
 */
export class LineReader {
  readonly #maxLineBytes: number;
  /** Whether a lone CR ends a line, as in SSE. */
  readonly #crEnds: boolean;
  // A BOM is stripped by hand: the decoder would strip one at the start of every line that it is given.
  readonly #utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  /** The line being read: the first `#length` bytes of a buffer that grows by doubling. */
  #buffer = new Uint8Array(1024);
  #length = 0;
  /** Whether the last byte was a CR that ended a line: an LF after it is the second half of that line end. */
  #afterCr = false;
  /** The number of the line being read, from 1. */
  line = 1;

  constructor(options: { readonly maxLineBytes: number; readonly crEnds: boolean }) {
    this.#maxLineBytes = options.maxLineBytes;
    this.#crEnds = options.crEnds;
  }

  push(chunk: Uint8Array, onLine: (line: string) => void): void {
    let from = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at];
      const isCr = this.#crEnds && byte === CR;
      if (isCr || byte === LF) {
        if (isCr || !this.#afterCr) {
          this.#keep(chunk.subarray(from, at));
          onLine(this.#take());
          this.line++;
        }
        from = at + 1;
      }
      this.#afterCr = isCr;
    }
    this.#keep(chunk.subarray(from));
  }

  /** The bytes are over; returns the line that has no end, if there is one. */
  end(): string | undefined {
    return this.#length === 0 ? undefined : this.#take();
  }

  #keep(bytes: Uint8Array): void {
    const length = this.#length + bytes.length;
    if (length > this.#maxLineBytes) throw malformed(`Line ${this.line} is longer than ${this.#maxLineBytes} bytes`);
    if (length > this.#buffer.length) {
      const grown = new Uint8Array(Math.min(length * 2, this.#maxLineBytes));
      grown.set(this.#buffer);
      this.#buffer = grown;
    }
    this.#buffer.set(bytes, this.#length);
    this.#length = length;
  }

  #take(): string {
    const bytes = this.#buffer.subarray(0, this.#length);
    this.#length = 0;
    try {
      const line = this.#utf8.decode(bytes);
      return this.line === 1 && line.startsWith(BOM) ? line.slice(1) : line;
    } catch (cause) {
      throw malformed(`Line ${this.line} is not UTF-8`, cause);
    }
  }
}
