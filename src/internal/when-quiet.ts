/** More microtasks than a generator needs from one value to the next. */
const QUIET_TICKS = 6;

const oneTick: Promise<void> = Promise.resolve();

/**
 * Resolves once `count()` has stood still for some microtasks: what is ready at once is then all there, and nothing has
 * waited for a timer. Ends early when `count()` is undefined.
 */
export async function whenQuiet(count: () => number | undefined): Promise<void> {
  let seen = count();
  for (let ticks = 0; ticks < QUIET_TICKS && seen !== undefined; ticks++) {
    await oneTick;
    const now = count();
    if (now === seen) continue;
    seen = now;
    ticks = 0;
  }
}
