export interface InterleaveOptions {
  readonly rounds: number;
  /** Rounds that are run first and not counted, so that each contestant is compiled and warm. */
  readonly warmUps: number;
  /** Whether garbage is collected before each time. Default true. */
  readonly collect?: boolean;
}

/** What the rounds came to. */
export interface Timings<Name extends string> {
  /** The median milliseconds of a contestant. */
  ms(name: Name): number;
  /** The median of the rounds' own ratios: a slow moment of the machine meets both sides of it. */
  ratio(name: Name, peer: Name): number;
}

/** Times each contestant once per round, so that whatever the machine does meanwhile meets them alike. */
export async function interleave<Name extends string>(
  contestants: Readonly<Record<Name, () => Promise<void>>>,
  { rounds, warmUps, collect = true }: InterleaveOptions,
): Promise<Timings<Name>> {
  const entries = Object.entries(contestants) as [Name, () => Promise<void>][];
  const times = new Map<Name, number[]>(entries.map(([name]) => [name, []]));
  for (let round = -warmUps; round < rounds; round++) {
    for (const [name, run] of entries) {
      // What one contestant left behind is not collected on the next one's time.
      if (collect) globalThis.gc?.();
      const startedAt = performance.now();
      await run();
      if (round >= 0) times.get(name)?.push(performance.now() - startedAt);
    }
  }
  const of = (name: Name): readonly number[] => times.get(name) ?? [];
  return {
    ms: (name) => median(of(name)),
    ratio: (name, peer) => median(of(name).map((ms, round) => ms / (of(peer)[round] ?? NaN))),
  };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? NaN)) / 2;
}
