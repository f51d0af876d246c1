import { longerThan, malformed } from "./event-json.ts";

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
  // A BOM is stripped by hand: the decoder would strip one at the start of every piece that it is given.
  readonly #utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  /** The start of a line whose end has not come: the first `#keptBytes` of a buffer that grows by doubling. */
  #kept = new Uint8Array(0);
  #keptBytes = 0;
  #skipLf = false;
  /** The number of the line being read, from 1. */
  line = 1;

  constructor(options: { readonly maxLineBytes: number; readonly crEnds: boolean }) {
    this.#maxLineBytes = options.maxLineBytes;
    this.#crEnds = options.crEnds;
  }

  push(chunk: Uint8Array, onLine: (line: string) => void): void {
    let bytes = chunk;
    if (this.#skipLf && bytes.length > 0) {
      // The CR that ended the last chunk was the first half of a CRLF.
      if (bytes[0] === LF) bytes = bytes.subarray(1);
      this.#skipLf = false;
    }
    const end = this.#lastLineEnd(bytes) + 1;
    if (end === 0) {
      this.#keep(bytes);
      return;
    }
    this.#skipLf = this.#crEnds && bytes[bytes.length - 1] === CR;
    let from = 0;
    if (this.#keptBytes > 0) {
      // Only the line that was begun is put together; copying the whole chunk for it would double the work.
      from = this.#firstLineEnd(bytes) + 1;
      this.#deliver(this.#joinKept(bytes.subarray(0, from)), onLine);
    }
    if (from < end) this.#deliver(bytes.subarray(from, end), onLine);
    this.#keep(bytes.subarray(end));
  }

  /** The bytes are over; returns the line that has no end, if there is one. */
  end(): string | undefined {
    if (this.#keptBytes === 0) return undefined;
    return this.#decodeLine(this.#joinKept(new Uint8Array(0)));
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
    if (length > this.#maxLineBytes) throw this.#tooLong();
    if (length > this.#kept.length) {
      const grown = new Uint8Array(Math.max(length, this.#kept.length * 2));
      grown.set(this.#kept.subarray(0, this.#keptBytes));
      this.#kept = grown;
    }
    this.#kept.set(bytes, this.#keptBytes);
    this.#keptBytes = length;
  }

  #joinKept(tail: Uint8Array): Uint8Array {
    const whole = new Uint8Array(this.#keptBytes + tail.length);
    whole.set(this.#kept.subarray(0, this.#keptBytes));
    whole.set(tail, this.#keptBytes);
    this.#kept = new Uint8Array(0);
    this.#keptBytes = 0;
    return whole;
  }

  /** Delivers bytes that end with a line end. */
  #deliver(bytes: Uint8Array, onLine: (line: string) => void): void {
    let text: string;
    try {
      text = this.#utf8.decode(bytes);
    } catch {
      // Somewhere in here is no UTF-8: go line by line, so that the lines before it are not lost.
      this.#deliverOneByOne(bytes, onLine);
      return;
    }
    // By the pattern only where there is a CR: it takes several times as long.
    const lines = text.split(this.#crEnds && text.includes("\r") ? /\r\n|\r|\n/ : "\n");
    lines.pop();
    for (const line of lines) {
      if (longerThan(line, this.#maxLineBytes)) throw this.#tooLong();
      onLine(this.#withoutBom(line));
      this.line++;
    }
  }

  #deliverOneByOne(bytes: Uint8Array, onLine: (line: string) => void): void {
    let from = 0;
    for (let at = 0; at < bytes.length; at++) {
      const isCr = this.#crEnds && bytes[at] === CR;
      if (!isCr && bytes[at] !== LF) continue;
      onLine(this.#decodeLine(bytes.subarray(from, at)));
      this.line++;
      if (isCr && bytes[at + 1] === LF) at++;
      from = at + 1;
    }
  }

  #decodeLine(bytes: Uint8Array): string {
    if (bytes.length > this.#maxLineBytes) throw this.#tooLong();
    try {
      return this.#withoutBom(this.#utf8.decode(bytes));
    } catch (cause) {
      throw malformed(`Line ${this.line} is not UTF-8`, cause);
    }
  }

  #withoutBom(line: string): string {
    return this.line === 1 && line.startsWith(BOM) ? line.slice(1) : line;
  }

  #tooLong(): Error {
    return malformed(`Line ${this.line} is longer than ${this.#maxLineBytes} bytes`);
  }
}
