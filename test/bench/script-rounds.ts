export interface BenchResult {
  readonly name: string;
  readonly ratio: number;
  /** Without one it is for information. */
  readonly limit?: number;
  readonly ours: number;
  readonly peer: number;
  readonly unit: string;
}

/** Two ways to do one thing; each answers how many microseconds one took. */
export interface Contest {
  readonly name: string;
  readonly limit?: number;
  readonly ours: () => Promise<number>;
  readonly peer: () => Promise<number>;
  /** Default 11. */
  readonly rounds?: number;
}

/**
 * Both sides in turns, so that whatever else the machine does hits both; medians. The ratio is ours by the peer's: below
 * 1 is faster.
 */
export async function compare({ name, limit, ours, peer, rounds = 11 }: Contest): Promise<BenchResult> {
  const times = { ours: [] as number[], peer: [] as number[] };
  await ours();
  await peer();
  for (let round = 0; round < rounds; round++) {
    // Who goes first alternates as well.
    for (const side of round % 2 === 0 ? (["ours", "peer"] as const) : (["peer", "ours"] as const)) {
      times[side].push(await (side === "ours" ? ours() : peer()));
    }
  }
  const [mine, theirs] = [median(times.ours), median(times.peer)];
  return {
    name,
    ratio: mine / theirs,
    ...(limit === undefined ? {} : { limit }),
    ours: mine,
    peer: theirs,
    unit: "µs",
  };
}

/** Microseconds that one of `count` runs of `work` took. */
export async function microsecondsEach(count: number, work: (index: number) => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  for (let index = 0; index < count; index++) await work(index);
  return ((performance.now() - startedAt) * 1_000) / count;
}

export function printResults(results: readonly BenchResult[]): void {
  for (const { name, ratio, limit, ours, peer, unit } of results) {
    const verdict = limit === undefined ? "info" : ratio <= limit ? "ok  " : "OVER";
    const figures = `${ours.toFixed(2)} against ${peer.toFixed(2)} ${unit}`;
    console.log(`${verdict} ${name}: ${ratio.toFixed(2)}× (limit ${limit ?? "none"}), ${figures}`);
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
