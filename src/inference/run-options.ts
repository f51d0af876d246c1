import { checkFiniteDuration, checkObject, checkOptionalFunction } from "../internal/check-argument.ts";
import type { InferenceEvent } from "./inference-event.ts";
import type { RunTags } from "./run-context.ts";

/** What each single run may be given. */
export interface RunOptions {
  /** Wall time of the whole run. 0, the default, is no limit. A synchronous run is looked at between its steps. */
  readonly timeoutMs?: number;
  readonly tags?: RunTags;
  /** Cancels the run. */
  readonly signal?: AbortSignal;
  /** Hears every event. */
  readonly onEvent?: (event: InferenceEvent) => unknown;
}

export function checkRunOptions({ timeoutMs = 0, tags = {}, onEvent }: RunOptions): void {
  checkFiniteDuration("options.timeoutMs", timeoutMs);
  checkObject("options.tags", tags);
  checkOptionalFunction("options.onEvent", onEvent);
}
