import { defined } from "../internal/defined.ts";
import { longerThan, malformed } from "./event-json.ts";
import { LineReader } from "./line-reader.ts";

/** One event-stream message, as the HTML standard defines it; `line` is where it began. */
export interface SseFrame {
  readonly data: string;
  readonly event?: string;
  readonly id?: string;
  readonly line: number;
}

/** What a frame is made of, while its lines come. */
interface FrameBegun {
  /** The first line that is no comment; 0 before it. */
  line: number;
  readonly data: string[];
  size: number;
  event: string | undefined;
  id: string | undefined;
}

const beginFrame = (): FrameBegun => ({ line: 0, data: [], size: 0, event: undefined, id: undefined });

/**
 * Cuts the bytes of any event stream into frames: LF, CR and CRLF, comments, `data:` over several lines, frames
 * without a name. Knows nothing of turns.
 */
export class SseFrameReader {
  readonly #lines: LineReader;
  readonly #maxFrameBytes: number;
  #begun: FrameBegun = beginFrame();

  constructor(options: { readonly maxFrameBytes: number }) {
    this.#maxFrameBytes = options.maxFrameBytes;
    // A line also holds its field's name.
    this.#lines = new LineReader({ maxLineBytes: options.maxFrameBytes + "data: ".length, crEnds: true });
  }

  push(chunk: Uint8Array, onFrame: (frame: SseFrame) => void): void {
    this.#lines.push(chunk, (line) => {
      const frame = line === "" ? this.#finish() : this.#field(line);
      if (frame !== undefined) onFrame(frame);
    });
  }

  /** The bytes are over; returns the frame that no blank line ended, if it has data. */
  end(): SseFrame | undefined {
    const rest = this.#lines.end();
    if (rest !== undefined) this.#field(rest);
    return this.#finish();
  }

  #field(line: string): undefined {
    const [, name, value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    // A line that starts with a colon is a comment.
    if (name === "") return;
    const begun = this.#begun;
    begun.line ||= this.#lines.line;
    if (name === "data") {
      begun.data.push(value);
      // Bounds what is kept, line breaks included; the exact measure, in bytes, is taken when the frame is whole.
      begun.size += value.length + 1;
      if (begun.size - 1 > this.#maxFrameBytes) throw this.#tooLong();
    } else if (name === "event") {
      begun.event = value;
    } else if (name === "id" && !value.includes("\0")) {
      begun.id = value;
    }
  }

  #finish(): SseFrame | undefined {
    const { line, event, id, data: lines } = this.#begun;
    const data = lines.join("\n");
    if (longerThan(data, this.#maxFrameBytes)) throw this.#tooLong();
    this.#begun = beginFrame();
    return lines.length === 0 ? undefined : defined({ data, event, id, line });
  }

  #tooLong(): Error {
    return malformed(`The frame at line ${this.#begun.line} is longer than ${this.#maxFrameBytes} bytes`);
  }
}
