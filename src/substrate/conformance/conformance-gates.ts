/** A place in a script where the agent waits for the suite. */
export interface ConformanceGate {
  readonly executionId: string;
  readonly name: string;
}

/** An open gate, or who waits at it. Each waits by a promise of its own: on workerd one belongs to who has made it. */
const gates = new Map<string, "open" | Set<() => void>>();

function keyOf({ executionId, name }: ConformanceGate): string {
  return `${executionId}/${name}`;
}

/**
 * Opens a gate for the conformance agent in this process; it stays open. Where the agent is in another process, call it
 * there, on the word of the fixture's `openGate`.
 */
export function openConformanceGate(gate: ConformanceGate): void {
  const key = keyOf(gate);
  const waiting = gates.get(key);
  gates.set(key, "open");
  if (waiting !== undefined && waiting !== "open") for (const pass of waiting) pass();
}

/** Waits until a gate is opened, or so long; rejects with the signal's reason when that fires first. */
export function waitAtGate(gate: ConformanceGate, afterMs?: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onStop = (): void => reject(signal?.reason as Error);
    if (signal?.aborted === true) {
      onStop();
      return;
    }
    signal?.addEventListener("abort", onStop, { once: true });
    const pass = (): void => {
      signal?.removeEventListener("abort", onStop);
      resolve();
    };
    if (afterMs !== undefined) {
      setTimeout(pass, afterMs);
      return;
    }
    const key = keyOf(gate);
    const state = gates.get(key) ?? new Set();
    gates.set(key, state);
    if (state === "open") pass();
    else state.add(pass);
  });
}
