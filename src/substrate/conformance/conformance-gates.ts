import { createDeferred, type Deferred } from "../../internal/deferred.ts";

/** A place in a script where the agent waits for the suite. */
export interface ConformanceGate {
  readonly executionId: string;
  readonly name: string;
}

const gates = new Map<string, Deferred<void>>();

function gateAt({ executionId, name }: ConformanceGate): Deferred<void> {
  const key = `${executionId}/${name}`;
  let gate = gates.get(key);
  if (gate === undefined) gates.set(key, (gate = createDeferred()));
  return gate;
}

/**
 * Opens a gate for the conformance agent in this process; it stays open. Where the agent is in another process, call it
 * there, on the word of the fixture's `openGate`.
 */
export function openConformanceGate(gate: ConformanceGate): void {
  gateAt(gate).resolve();
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
    if (afterMs === undefined) void gateAt(gate).promise.then(pass);
    else setTimeout(pass, afterMs);
  });
}
