/** Numbers that look random and are the same for the same seed, on every runtime. */
export interface Random {
  readonly seed: number;
  /** From 0 up to, not including, 1. */
  next(): number;
  /** A whole number from 0 up to, not including, `below`. */
  below(below: number): number;
  chance(probability: number): boolean;
  pick<T>(from: readonly T[]): T;
}

export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  // Mulberry32.
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    seed,
    next,
    below,
    chance: (probability) => next() < probability,
    pick<T>(from: readonly T[]): T {
      if (from.length === 0) throw new RangeError("Cannot pick from nothing");
      return from[below(from.length)] as T;
    },
  };
}

/** Runs a body with seeds 1 to `count`; a failure names the seed that brought it about. */
export async function forSeeds(count: number, body: (random: Random) => void | Promise<void>): Promise<void> {
  for (let seed = 1; seed <= count; seed++) {
    try {
      await body(createRandom(seed));
    } catch (cause) {
      throw new Error(`With seed ${seed}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    }
  }
}

/** All orders of some values. */
export function permutations<T>(values: readonly T[]): T[][] {
  if (values.length === 0) return [[]];
  return values.flatMap((first, at) =>
    permutations([...values.slice(0, at), ...values.slice(at + 1)]).map((rest) => [first, ...rest]),
  );
}
