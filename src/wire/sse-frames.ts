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
  #data: string[] = [];
  #size = 0;
  #event: string | undefined;
  #id: string | undefined;
  #began = 0;

  constructor(options: { readonly maxFrameBytes: number }) {
    this.#maxFrameBytes = options.maxFrameBytes;
    // A line also holds its field's name.
    this.#lines = new LineReader({ maxLineBytes: options.maxFrameBytes + "data: ".length, crEnds: true });
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
    const colon = line.indexOf(":");
    // A line that starts with a colon is a comment.
    if (colon === 0) return;
    if (this.#began === 0) this.#began = this.#lines.line;
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (name === "data") {
      this.#data.push(value);
      this.#size += value.length;
      // Bounds what is kept; the exact measure, in bytes, is taken once when the frame is whole.
      if (this.#size + this.#data.length - 1 > this.#maxFrameBytes) throw this.#tooLong();
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
    const data = this.#data.join("\n");
    if (longerThan(data, this.#maxFrameBytes)) throw this.#tooLong();
    const frame: SseFrame | undefined =
      this.#data.length === 0
        ? undefined
        : {
            data,
            ...(this.#event === undefined ? {} : { event: this.#event }),
            ...(this.#id === undefined ? {} : { id: this.#id }),
            line: this.#began,
          };
    this.#data = [];
    this.#size = 0;
    this.#event = undefined;
    this.#id = undefined;
    this.#began = 0;
    return frame;
  }
}
