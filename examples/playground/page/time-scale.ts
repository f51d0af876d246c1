/** Where moments lie on an axis, from 0 to 1. */
export interface TimeScale {
  place(at: number): number;
  /** Stretches of silence that are drawn shorter than they were. */
  readonly folds: readonly { readonly from: number; readonly to: number }[];
  /** Round moments, as milliseconds since the first. */
  readonly ticks: readonly number[];
  readonly start: number;
}

const LONGEST_SILENCE_MS = 10_000;
const FOLDED_MS = 2_500;
const SHORTEST_AXIS_MS = 1_000;
const STEPS_MS = [200, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 300_000, 600_000, 3_600_000];

/**
 * A scale over moments in which something happened. A person may take an hour to answer: a long silence is folded, so
 * that what happened around it stays readable.
 */
export function createTimeScale(moments: readonly number[], now?: number): TimeScale {
  const sorted = [...moments, ...(now === undefined ? [] : [now])].sort((a, b) => a - b);
  const start = sorted[0] ?? 0;
  const pieces: { readonly from: number; readonly to: number; readonly at: number; readonly size: number }[] = [];
  let size = 0;
  sorted.forEach((to, index) => {
    const from = sorted[index - 1] ?? to;
    const lasts = to - from;
    if (lasts === 0) return;
    const drawn = lasts > LONGEST_SILENCE_MS ? FOLDED_MS : lasts;
    pieces.push({ from, to, at: size, size: drawn });
    size += drawn;
  });
  const whole = Math.max(size, SHORTEST_AXIS_MS);
  const place = (at: number): number => {
    const piece = pieces.find(({ to }) => at <= to) ?? pieces.at(-1);
    if (piece === undefined) return 0;
    const share = Math.min(1, Math.max(0, (at - piece.from) / (piece.to - piece.from)));
    return (piece.at + share * piece.size) / whole;
  };
  const folds = pieces.filter(({ from, to }) => to - from > LONGEST_SILENCE_MS);
  const step = STEPS_MS.find((one) => whole / one <= 6) ?? 7_200_000;
  const ticks: number[] = [];
  const end = pieces.at(-1)?.to ?? start;
  // Within a fold ticks would lie on each other.
  for (let at = 0; start + at <= Math.max(end, start) && ticks.length < 40; at += step) {
    const fold = folds.find(({ from, to }) => start + at > from && start + at < to);
    if (fold === undefined) ticks.push(at);
    else at = Math.floor((fold.to - start) / step) * step;
  }
  return { place, folds, ticks, start };
}

/** A length of time in few letters. */
export function shortTime(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0).replace(/\.0$/, "")} s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes} min ${Math.round((ms % 60_000) / 1_000)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
