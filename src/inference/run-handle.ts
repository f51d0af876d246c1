import { type ActiveRun, cancelRun } from "./active-run.ts";
import { withListener } from "./listeners.ts";
import type { EventListener, InferenceEvent } from "./inference-event.ts";
import type { Turn } from "./turn.ts";

/** A run that was started. */
export interface RunHandle {
  /** The answered turn. Rejects with an Error; nobody has to look at it. */
  readonly promise: Promise<Turn>;
  /** Ends it at once, whatever it is at: the promise rejects, `interrupt` is its last event. False when it has ended. */
  cancel(reason?: string): boolean;
  on<T extends InferenceEvent["type"] | "*">(type: T, listener: EventListener<T>): this;
  off<T extends InferenceEvent["type"] | "*">(type: T, listener: EventListener<T>): this;
}

export function createRunHandle(promise: Promise<Turn>, run: ActiveRun): RunHandle {
  const handle: RunHandle = {
    promise,
    cancel: (reason) => cancelRun(run, reason),
    on(type, listener) {
      run.listeners = withListener(run.listeners, type, listener);
      return handle;
    },
    off(type, listener) {
      run.listeners = run.listeners.filter((one) => one[0] !== type || one[1] !== listener);
      return handle;
    },
  };
  return handle;
}
