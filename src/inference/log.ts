import { isThenable } from "./is-thenable.ts";
import { ignore } from "./steps.ts";

/** Hears of what went wrong beside a run: a listener that threw, a hook that was allowed to fail. */
export type Log = (message: string, meta: Readonly<Record<string, unknown>>) => void;

export const consoleLog: Log = (message, { error }) => console.error(message, error);

/** A log that cannot break a run, nor the process by what it rejects with. */
export function safeLog<T extends readonly unknown[]>(log: (...told: T) => unknown): (...told: T) => void {
  return (...told) => {
    try {
      const answer = log(...told);
      if (isThenable(answer)) ignore(answer);
    } catch {
      // There is nobody left to tell.
    }
  };
}
