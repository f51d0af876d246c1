interface CpuProcess {
  cpuUsage?(): { readonly user: number; readonly system: number };
}

// Reading it costs a microsecond, so it is read now and then and a slice begins a little after the last reading: what was
// used in between counts as the slice's, which can only make the verdict stricter.
const STALE_MS = 5;

/**
 * How much CPU time this process has had, where the runtime tells (Node, Deno, Bun). A program that is kept from its CPU
 * by others runs late by the clock through no fault of its scripts.
 */
export class CpuTime {
  #readAt = -Infinity;
  #usedMs = 0;

  /** To be called when something begins; answers from when its CPU time counts. */
  mark(now: number): number {
    if (now - this.#readAt > STALE_MS) {
      this.#readAt = now;
      this.#usedMs = readCpuMs() ?? 0;
    }
    return this.#usedMs;
  }

  /** At most how much CPU time was used since a mark; undefined where it is not known. */
  usedSince(mark: number): number | undefined {
    const used = readCpuMs();
    return used === undefined ? undefined : used - mark;
  }
}

function readCpuMs(): number | undefined {
  const { process } = globalThis as { readonly process?: CpuProcess };
  const usage = process?.cpuUsage?.();
  return usage === undefined ? undefined : (usage.user + usage.system) / 1_000;
}
