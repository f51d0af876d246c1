import { ContextStopped } from "../engine.ts";
import type { QuickJsModule } from "./quickjs-module.ts";

const SCRATCH_BYTES = 16_384;
const SHORT = 24;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * Text in and out of WebAssembly memory, as UTF-8 that ends in a zero byte. Every allocation is checked: a full memory is
 * a limit that a script went over, and never a write to address 0.
 */
export class WasmText {
  readonly #module: QuickJsModule;
  readonly #bytes: Uint8Array;
  // Most texts are short; theirs is this one place, so that they need no allocation and a full memory does not stop them.
  readonly #scratch: number;

  constructor(module: QuickJsModule) {
    this.#module = module;
    this.#bytes = module.HEAPU8;
    this.#scratch = module._malloc(SCRATCH_BYTES);
    if (this.#scratch === 0) throw new RangeError("memoryBytes is too small for the VM");
  }

  /** Writes `text` and hands its place to `use`, which must not lend in its turn. */
  lend<T>(text: string, use: (pointer: number) => T): T {
    const most = text.length * 3 + 1;
    const fits = most <= SCRATCH_BYTES;
    const pointer = fits ? this.#scratch : this.allocate(most);
    try {
      this.#write(text, pointer, most);
      return use(pointer);
    } finally {
      if (!fits) this.#module._free(pointer);
    }
  }

  /** A copy that whoever receives it frees. */
  give(text: string): number {
    const most = text.length * 3 + 1;
    const pointer = this.allocate(most);
    this.#write(text, pointer, most);
    return pointer;
  }

  allocate(bytes: number): number {
    const pointer = this.#module._malloc(bytes);
    if (pointer === 0) throw new ContextStopped("The VM has no memory left (memoryBytes)");
    return pointer;
  }

  /** The text at `pointer`, or undefined when it is longer than `most` bytes. */
  read(pointer: number, most: number): string | undefined {
    const bytes = this.#bytes;
    const end = bytes.indexOf(0, pointer);
    if (end - pointer > most) return undefined;
    if (end - pointer > SHORT) return decoder.decode(bytes.subarray(pointer, end));
    // A short text is cheaper read byte by byte than through a decoder.
    let text = "";
    for (let at = pointer; at < end; at++) {
      const byte = bytes[at] ?? 0;
      if (byte >= 0x80) return decoder.decode(bytes.subarray(pointer, end));
      text += String.fromCharCode(byte);
    }
    return text;
  }

  /** Bytes up to the zero. */
  length(pointer: number): number {
    return this.#bytes.indexOf(0, pointer) - pointer;
  }

  #write(text: string, pointer: number, most: number): void {
    const { length } = text;
    const bytes = this.#bytes;
    let written = 0;
    if (length <= SHORT) {
      for (; written < length; written++) {
        const code = text.charCodeAt(written);
        if (code >= 0x80) break;
        bytes[pointer + written] = code;
      }
    }
    if (written < length) written = encoder.encodeInto(text, bytes.subarray(pointer, pointer + most - 1)).written;
    bytes[pointer + written] = 0;
  }
}
