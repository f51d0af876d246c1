import { checkFunction, checkOneOf } from "../internal/check-argument.ts";
import { eventTypes } from "./consts.ts";
import type { EventListener, InferenceEvent } from "./inference-event.ts";
import type { Log } from "./log.ts";
import { isThenable } from "./is-thenable.ts";

/** Who hears the events of a run. A list is never changed: one that is being read stays as it is. */
export type Listener = readonly [type: string, listener: (event: InferenceEvent) => unknown];

export function withListener<T extends InferenceEvent["type"] | "*">(
  listeners: readonly Listener[],
  type: T,
  listener: EventListener<T>,
): readonly Listener[] {
  checkOneOf("type", type, ["*", ...eventTypes]);
  checkFunction("listener", listener);
  return [...listeners, [type, listener as Listener[1]]];
}

/** Those of an event's own type hear it before those of `*`; each kind in the order in which they were added. */
export function tellListeners(listeners: readonly Listener[], event: InferenceEvent, log: Log): void {
  const failed = (error: unknown): void => log(`A listener to ${event.type} failed`, { error, event });
  for (const wanted of [event.type, "*"]) {
    for (const [type, listener] of listeners) {
      if (type !== wanted) continue;
      try {
        const answer = listener(event);
        if (isThenable(answer)) answer.then(undefined, failed);
      } catch (error) {
        failed(error);
      }
    }
  }
}
