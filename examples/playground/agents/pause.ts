/** How fast the agents speak: 1 as a person reads, 0 at once. Tests turn it down. */
const pace = readPace(typeof process === "undefined" ? undefined : process.env["PLAYGROUND_PACE"]);

/** Waits as a model would; a stop ends the waiting, by throwing. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, ms * pace);
    signal.addEventListener("abort", stop, { once: true });
  });
}

function readPace(text = "1"): number {
  const value = Number(text);
  if (!(value >= 0 && value <= 100)) throw new RangeError(`PLAYGROUND_PACE must be between 0 and 100, got ${text}`);
  return value;
}
