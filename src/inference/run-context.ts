/** What a caller hangs on a run; frozen. */
export type RunTags = Readonly<Record<string, unknown>>;

/** What every callback of a run is told. */
export interface RunContext {
  /** When it was called. */
  readonly timestampMs: number;
  readonly sessionId: string;
  readonly inferenceId: string;
  readonly turnId: string;
  /** When the run must be over, in milliseconds since the epoch; absent without a `timeoutMs`. */
  readonly deadlineMs?: number;
  readonly tags?: RunTags;
  /** Fires when the run is cancelled, is out of time or has failed. */
  readonly signal: AbortSignal;
}
