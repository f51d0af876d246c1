/** One line of the table. */
export interface Row {
  readonly name: string;
  readonly unit: string;
  readonly ours: number;
  /** The same on a peer, or at another size, measured in the same run. */
  readonly peer?: number;
  /** `ours / peer` where it was taken round by round; else it is taken from the two figures. */
  readonly ratio?: number;
  /** How the two are compared: `ours / peer` (default) or `ours - peer`. */
  readonly compare?: "ratio" | "difference";
  /** The most that the comparison may come to; without one the row is for information. */
  readonly limit?: number;
}

/** What a module of this folder exports to be run. */
export type Bench = () => Promise<Row[]>;

/** What the comparison of a row comes to; undefined where there is nothing to compare with. */
export function comparison({ ours, peer, ratio, compare = "ratio" }: Row): number | undefined {
  if (peer === undefined) return undefined;
  return compare === "ratio" ? (ratio ?? ours / peer) : ours - peer;
}

export function isMissed(row: Row): boolean {
  const value = comparison(row);
  // Written so that NaN is a miss too.
  return row.limit !== undefined && !(value !== undefined && value <= row.limit);
}
