import { longerThan, malformed } from "./event-json.ts";

const LF = 0x0a;
const CR = 0x0d;
const BOM = "\ufeff";
/** How large a buffer may be to be used again. */
const LASTING_BYTES = 256 * 1024;

export interface LineReaderOptions {
  readonly maxLineBytes: number;
  readonly crEnds: boolean;
  /** Gets whole lines, as many as come at once, and answers as many: asking once for all of them is what makes it cheap. */
  readonly rewrite?: ((text: string) => string) | undefined;
}

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
  readonly #rewrite: ((text: string) => string) | undefined;
  // A BOM is stripped by hand: the decoder would strip one at the start of every piece that it is given.
  readonly #utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  /**
   * The start of a line whose end has not come: the first `#keptBytes` of a buffer that grows by doubling, and is used
   * again for the next one.
   */
  #kept = new Uint8Array(0);
  #keptBytes = 0;
  #skipLf = false;
  /** The number of the line being read, from 1. */
  line = 1;

  constructor(options: LineReaderOptions) {
    this.#rewrite = options.rewrite;
    this.#maxLineBytes = options.maxLineBytes;
    this.#crEnds = options.crEnds;
  }

  push(chunk: Uint8Array, onLine: (line: string) => void): void {
    if (chunk.length === 0) return;
    // The CR that ended the last chunk may have been the first half of a CRLF.
    const bytes = this.#skipLf && chunk[0] === LF ? chunk.subarray(1) : chunk;
    this.#skipLf = this.#crEnds && chunk.at(-1) === CR;
    const end = this.#lastLineEnd(bytes) + 1;
    let from = 0;
    if (end > 0 && this.#keptBytes > 0) {
      // Only the line that was begun is put together; copying the whole chunk for it would double the work.
      from = this.#firstLineEnd(bytes) + 1;
      this.#deliver(this.#joinKept(bytes.subarray(0, from)), onLine);
    }
    if (from < end) this.#deliver(bytes.subarray(from, end), onLine);
    const rest = bytes.subarray(end);
    if (this.#keptBytes + rest.length > this.#maxLineBytes) throw this.#tooLong();
    this.#keep(rest);
  }

  /** The bytes are over; returns the line that has no end, if there is one. */
  end(): string | undefined {
    let rest: string | undefined;
    if (this.#keptBytes > 0) {
      this.#deliver(this.#joinKept(Uint8Array.of(LF)), (line) => (rest = line));
      // It is still the one being read, for those who find fault with it.
      this.line--;
    }
    return rest;
  }

  #lastLineEnd(bytes: Uint8Array): number {
    const lf = bytes.lastIndexOf(LF);
    if (!this.#crEnds) return lf;
    // Only behind the last LF: looking for a CR through the whole chunk, which mostly has none, takes longer than all else.
    const cr = bytes.subarray(lf + 1).lastIndexOf(CR);
    return cr === -1 ? lf : lf + 1 + cr;
  }

  /** The end of the first line, the LF of a CRLF included; there is one. */
  #firstLineEnd(bytes: Uint8Array): number {
    const lf = bytes.indexOf(LF);
    if (!this.#crEnds) return lf;
    const cr = (lf === -1 ? bytes : bytes.subarray(0, lf)).indexOf(CR);
    if (cr === -1) return lf;
    return bytes[cr + 1] === LF ? cr + 1 : cr;
  }

  #keep(bytes: Uint8Array): void {
    const length = this.#keptBytes + bytes.length;
    if (length > this.#kept.length) {
      const grown = new Uint8Array(Math.max(length, this.#kept.length * 2));
      grown.set(this.#kept.subarray(0, this.#keptBytes));
      this.#kept = grown;
    }
    this.#kept.set(bytes, this.#keptBytes);
    this.#keptBytes = length;
  }

  /** What is kept with what follows it; to be read before anything is kept again. */
  #joinKept(tail: Uint8Array): Uint8Array {
    this.#keep(tail);
    const whole = this.#kept.subarray(0, this.#keptBytes);
    // A buffer that grew for one long line is not kept for the next one.
    if (whole.length > LASTING_BYTES) this.#kept = new Uint8Array(0);
    this.#keptBytes = 0;
    return whole;
  }

  /** Delivers bytes that end with a line end. */
  #deliver(bytes: Uint8Array, onLine: (line: string) => void): void {
    let text: string;
    try {
      text = this.#utf8.decode(bytes);
    } catch (cause) {
      // Somewhere in here is no UTF-8: halved until that is a line of its own, so that the lines before it are not lost.
      let cut = this.#lastLineEnd(bytes.subarray(0, bytes.length / 2)) + 1 || this.#firstLineEnd(bytes) + 1;
      if (this.#crEnds && bytes[cut - 1] === CR && bytes[cut] === LF) cut++;
      if (cut === bytes.length) throw malformed(`Line ${this.line} is not UTF-8`, cause);
      this.#deliver(bytes.subarray(0, cut), onLine);
      this.#deliver(bytes.subarray(cut), onLine);
      return;
    }
    if (this.#rewrite !== undefined) text = this.#rewrite(text);
    let lf = text.indexOf("\n");
    // Each of the two is looked for only behind the last one found: a text is gone through once, however few there are.
    let cr = this.#crEnds ? text.indexOf("\r") : -1;
    for (let from = 0; from < text.length;) {
      const isCr = cr !== -1 && (lf === -1 || cr < lf);
      const end = isCr ? cr : lf;
      const line = text.slice(this.line === 1 && text.startsWith(BOM) ? from + 1 : from, end);
      if (longerThan(line, this.#maxLineBytes)) throw this.#tooLong();
      onLine(line);
      this.line++;
      from = end + (isCr && lf === end + 1 ? 2 : 1);
      if (cr !== -1 && cr < from) cr = text.indexOf("\r", from);
      if (lf !== -1 && lf < from) lf = text.indexOf("\n", from);
    }
  }

  #tooLong(): Error {
    return malformed(`Line ${this.line} is longer than ${this.#maxLineBytes} bytes`);
  }
}
