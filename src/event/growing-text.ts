const MELT_AT = 512;

/**
 * A text that grows by small pieces. Plain `+=` over a long turn keeps every piece alive as an object of its own, for
 * the garbage collector to walk again and again; here they are melted together every few hundred.
 */
export class GrowingText {
  #melted: string[] = [];
  #pieces: string[] = [];

  append(more: string): void {
    this.#pieces.push(more);
    if (this.#pieces.length === MELT_AT) this.#melt();
  }

  replace(text: string): void {
    this.#melted = [];
    this.#pieces = [text];
  }

  toString(): string {
    return this.#melted.join("") + this.#pieces.join("");
  }

  #melt(): void {
    this.#melted.push(this.#pieces.join(""));
    this.#pieces = [];
  }
}
