/** Calls back when a signal fires, at once if it has fired already; returns what ends the waiting. */
export function onAbort(signal: AbortSignal | undefined, callback: () => void): () => void {
  if (signal?.aborted === true) callback();
  else signal?.addEventListener("abort", callback);
  return () => signal?.removeEventListener("abort", callback);
}
