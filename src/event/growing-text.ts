const MELT_AT = 512;

/**
 * A text that grows by small pieces. Plain `+=` over a long turn keeps every piece alive as an object of its own, for
 * the garbage collector to walk again and again; here they are melted together every few hundred.
 */
export class GrowingText {
  #text: string;
  readonly #pieces: string[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  append(more: string): void {
    if (this.#pieces.push(more) === MELT_AT) this.toString();
  }

  toString(): string {
    return (this.#text += this.#pieces.splice(0).join(""));
  }
}
