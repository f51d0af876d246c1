import { TurnError } from "../errors.ts";
import { defined } from "../internal/defined.ts";
import type { OwnedTurn } from "./turn-owner.ts";

/**
 * Runs one hook. One that takes longer than `hookTimeoutMs` has failed with `hook-timeout`; what it does later is
 * logged, because it may have had an effect.
 */
export function runHook(turn: OwnedTurn, name: string, hook: () => unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    let late = "";
    const stopTimer = turn.clock.after(turn.hookTimeoutMs, () => {
      late = " after its time was up";
      reject(new TurnError("hook-timeout", `${name} did not finish within ${turn.hookTimeoutMs} ms`));
    });
    // In an async function, what the hook throws at once is a rejection too.
    (async () => hook())()
      .finally(stopTimer)
      .then(
        (value) => {
          resolve(value);
          if (late) turn.log(`${name} finished${late}`, subject(turn));
        },
        (error: unknown) => {
          reject(error as Error);
          if (late) logFailure(turn, name, error, late);
        },
      );
  });
}

/** Runs a hook whose failure is logged and changes nothing (T4). */
export function runHookSafely(turn: OwnedTurn, name: string, hook: () => unknown): Promise<void> {
  return attempt(turn, name, () => runHook(turn, name, hook));
}

/** Does something whose failure, thrown or rejected, is logged and changes nothing. Never rejects. */
export async function attempt(turn: Subject, what: string, body: () => unknown): Promise<void> {
  try {
    await body();
  } catch (error) {
    logFailure(turn, what, error);
  }
}

type Subject = Pick<OwnedTurn, "log" | "identity" | "executionId">;

export function logFailure(turn: Subject, what: string, error: unknown, when = ""): void {
  turn.log(`${what} failed${when}`, { ...subject(turn), error });
}

/** What a log line says of the turn it is about. */
export function subject({
  identity,
  executionId,
}: Pick<OwnedTurn, "identity" | "executionId">): Record<string, unknown> {
  return defined({ ...identity, executionId });
}
