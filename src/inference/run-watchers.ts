import type { ActiveRun } from "./active-run.ts";

// Who must know at once that a run is over: whatever waits for something in it.

/** Calls once when it is stopped or has ended, at once if it is; returns what takes that back. */
export function onStop({ stopped, watchers }: ActiveRun, watcher: (error: Error) => void): () => void {
  if (stopped === undefined) watchers.add(watcher);
  else watcher(stopped);
  return () => watchers.delete(watcher);
}

export function tellWatchers({ watchers }: ActiveRun, error: Error): void {
  const told = [...watchers];
  watchers.clear();
  for (const watcher of told) watcher(error);
}
