import { checkFunction, checkOneOf } from "../internal/check-argument.ts";
import { EventType } from "./consts.ts";
import type { EventListener, InferenceEvent } from "./inference-event.ts";
import type { Log } from "./log.ts";
import { isThenable } from "./steps.ts";

type AnyListener = (event: InferenceEvent) => unknown;

const TYPES: readonly string[] = [...Object.values(EventType), "*"];

/** The listeners of one run. Those of an event's own type hear it before those of `*`; each kind in the order of `on`. */
export class EventHub {
  readonly #listeners = new Map<string, AnyListener[]>();
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  get isEmpty(): boolean {
    return this.#listeners.size === 0;
  }

  on<T extends InferenceEvent["type"] | "*">(type: T, listener: EventListener<T>): void {
    checkOneOf("type", type, TYPES);
    checkFunction("listener", listener);
    // A new list each time: one that is being read stays as it is.
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener as AnyListener]);
  }

  off<T extends InferenceEvent["type"] | "*">(type: T, listener: EventListener<T>): void {
    const left = this.#listeners.get(type)?.filter((one) => one !== listener) ?? [];
    if (left.length > 0) this.#listeners.set(type, left);
    else this.#listeners.delete(type);
  }

  send(event: InferenceEvent): void {
    const own = this.#listeners.get(event.type) ?? [];
    for (const listener of [...own, ...(this.#listeners.get("*") ?? [])]) {
      const failed = (error: unknown): void => this.#log(`A listener to ${event.type} failed`, { error, event });
      try {
        const answer = listener(event);
        if (isThenable(answer)) answer.then(undefined, failed);
      } catch (error) {
        failed(error);
      }
    }
  }
}
