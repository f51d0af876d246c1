import { TurnError } from "../errors.ts";
import type { Clock } from "../internal/clock.ts";
import { fieldsOf } from "../internal/fields-of.ts";
import { backoffMs, pause } from "../internal/pause.ts";
import { OBJECT_URL, type ObjectCall, readRefusal } from "./object-call.ts";
import type { ObjectNamespace } from "./object-platform.ts";

/** How often an object that does not answer is asked again. */
export interface ResolvedObjectRetry {
  readonly attempts: number;
  readonly baseMs: number;
  readonly maxMs: number;
}

/** Asks objects: every call may be repeated without harm, so one that breaks off is. */
export class ObjectCaller {
  readonly #namespace: ObjectNamespace;
  readonly #retry: ResolvedObjectRetry;
  readonly #clock: Clock;

  constructor(namespace: ObjectNamespace, retry: ResolvedObjectRetry, clock: Clock) {
    this.#namespace = namespace;
    this.#retry = retry;
    this.#clock = clock;
  }

  /** The object's answer; throws its refusal, or `connection-lost` when it cannot be reached. */
  ask(objectName: string, call: ObjectCall, signal?: AbortSignal): Promise<Response> {
    return this.#ask(objectName, call, (response) => response, signal);
  }

  /** The object's answer as JSON. An object that is lost while it answers is asked again, too. */
  askJson<T>(objectName: string, call: ObjectCall): Promise<T> {
    return this.#ask(objectName, call, (response) => response.json() as Promise<T>);
  }

  async #ask<T>(
    objectName: string,
    call: ObjectCall,
    read: (response: Response) => T | Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const body = JSON.stringify(call);
    for (let failures = 1; ; failures++) {
      signal?.throwIfAborted();
      try {
        // A stub that has failed stays failed.
        const stub = this.#namespace.get(this.#namespace.idFromName(objectName));
        const init = { method: "POST", body };
        const response = await stub.fetch(OBJECT_URL, signal === undefined ? init : { ...init, signal });
        if (response.ok) return await read(response);
        throw new Refused(readRefusal(await response.json()));
      } catch (error) {
        if (error instanceof Refused) throw error.refusal;
        signal?.throwIfAborted();
        // An object with more calls than it can take gets none on top.
        const isOverloaded = fieldsOf(error)["overloaded"] === true;
        if (isOverloaded || failures >= this.#retry.attempts) throw unreachable(objectName, error);
        await this.pause(failures, signal);
      }
    }
  }

  /** The wait after so many failures in a row, shorter when the signal fires. */
  pause(failures: number, signal?: AbortSignal): Promise<void> {
    return pause(this.#clock, backoffMs(this.#retry, failures, Math.random), signal);
  }
}

/** Tells an object's own refusal from a call that did not get through. */
class Refused extends Error {
  readonly refusal: Error;

  constructor(refusal: Error) {
    super(refusal.message);
    this.refusal = refusal;
  }
}

export function unreachable(objectName: string, cause: unknown): TurnError {
  return new TurnError("connection-lost", `The object of ${objectName} does not answer`, { cause });
}
