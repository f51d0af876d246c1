/** One plausible bug, as an edit of a source file. */
export interface Mutant<Guarantee extends string = `T${number}`> {
  /** Below `src/`. */
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly find: string;
  readonly replace: string;
  /** The guarantee that it breaks: a test whose name cites it must go red. */
  readonly guarantee: Guarantee;
}

/** The mutants of one guarantee, as rows of file, what is found there, and what it is replaced with. */
export function mutantsOf<Guarantee extends string>(
  guarantee: Guarantee,
  rows: readonly (readonly [file: string, find: string, replace: string])[],
): Mutant<Guarantee>[] {
  return rows.map(([file, find, replace]) => ({ file, find, replace, guarantee }));
}
