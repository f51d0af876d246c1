import { longerThan, malformed } from "./event-json.ts";
import { LineReader } from "./line-reader.ts";

/** One event-stream message, as the HTML standard defines it; `line` is where it began. */
export interface SseFrame {
  readonly data: string;
  readonly event?: string;
  readonly id?: string;
  readonly line: number;
}

/**
 * Cuts the bytes of any event stream into frames: LF, CR and CRLF, comments, `data:` over several lines, frames
 * without a name. Knows nothing of turns.
 */
export class SseFrameReader {
  readonly #lines: LineReader;
  readonly #maxFrameBytes: number;
  /** The frame's data so far; undefined before its first `data:` line. */
  #data: string | undefined;
  #event: string | undefined;
  #id: string | undefined;
  #began = 0;

  /** `rewrite` gets whole lines, as many as come at once, and answers as many: what takes a secret out of all of them. */
  constructor(options: { readonly maxFrameBytes: number; readonly rewrite?: (text: string) => string }) {
    const { maxFrameBytes, rewrite } = options;
    this.#maxFrameBytes = maxFrameBytes;
    // A line also holds its field's name.
    this.#lines = new LineReader({ maxLineBytes: maxFrameBytes + "data: ".length, crEnds: true, rewrite });
  }

  push(chunk: Uint8Array, onFrame: (frame: SseFrame) => void): void {
    this.#lines.push(chunk, (line) => this.#take(line, onFrame));
  }

  /** The bytes are over; returns the frame that no blank line ended, if it has data. */
  end(): SseFrame | undefined {
    const rest = this.#lines.end();
    if (rest !== undefined) this.#field(rest);
    return this.#finish();
  }

  #take(line: string, onFrame: (frame: SseFrame) => void): void {
    if (line !== "") {
      this.#field(line);
      return;
    }
    const frame = this.#finish();
    if (frame !== undefined) onFrame(frame);
  }

  #field(line: string): void {
    if (this.#began === 0 && !line.startsWith(":")) this.#began = this.#lines.line;
    // As nearly every line is written: told by its start, without cutting out the name.
    if (line.startsWith("data: ")) this.#addData(line.slice(6));
    else if (line.startsWith("id: ") && !line.includes("\0")) this.#id = line.slice(4);
    else if (line.startsWith("event: ")) this.#event = line.slice(7);
    else this.#otherField(line);
  }

  #addData(value: string): void {
    this.#data = this.#data === undefined ? value : `${this.#data}\n${value}`;
    // Bounds what is kept; the exact measure, in bytes, is taken once when the frame is whole.
    if (this.#data.length > this.#maxFrameBytes) throw this.#tooLong();
  }

  #otherField(line: string): void {
    const colon = line.indexOf(":");
    // A line that starts with a colon is a comment.
    if (colon === 0) return;
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (name === "data") {
      this.#addData(value);
    } else if (name === "event") {
      this.#event = value;
    } else if (name === "id" && !value.includes("\0")) {
      this.#id = value;
    }
  }

  #tooLong(): Error {
    return malformed(`The frame at line ${this.#began} is longer than ${this.#maxFrameBytes} bytes`);
  }

  #finish(): SseFrame | undefined {
    const data = this.#data;
    if (data !== undefined && longerThan(data, this.#maxFrameBytes)) throw this.#tooLong();
    const frame = data === undefined ? undefined : newFrame(data, this.#event, this.#id, this.#began);
    this.#data = undefined;
    this.#event = undefined;
    this.#id = undefined;
    this.#began = 0;
    return frame;
  }
}

// Spelled out rather than spread: a stream's frames have one shape, and this is done for each.
function newFrame(data: string, event: string | undefined, id: string | undefined, line: number): SseFrame {
  if (event === undefined) return id === undefined ? { data, line } : { data, id, line };
  return id === undefined ? { data, event, line } : { data, event, id, line };
}
