import { TurnError } from "../errors.ts";
import type { OwnedTurn } from "./turn-owner.ts";

/** How a hook ended: with its value, or with what it threw (being late included). */
export type HookResult<T> =
  { readonly ok: true; readonly value: Awaited<T> } | { readonly ok: false; readonly error: unknown };

/**
 * Runs one hook and never throws. A hook that takes longer than `hookTimeoutMs` has failed with `hook-timeout`; what it
 * does later is logged, because it may have had an effect.
 */
export function runHook<T>(turn: OwnedTurn, name: string, hook: () => T): Promise<HookResult<T>> {
  return new Promise((resolve) => {
    let late = false;
    const stopTimer = turn.clock.after(turn.hookTimeoutMs, () => {
      late = true;
      const message = `${name} did not finish within ${turn.hookTimeoutMs} ms`;
      resolve({ ok: false, error: new TurnError("hook-timeout", message) });
    });
    const end = (result: HookResult<T>): void => {
      stopTimer();
      if (!late) resolve(result);
      else if (result.ok) turn.log(`${name} finished after its time was up`, subject(turn));
      else turn.log(`${name} failed after its time was up`, { ...subject(turn), error: result.error });
    };
    // In an async function, what the hook throws at once is a rejection too.
    (async () => hook())().then(
      (value) => end({ ok: true, value: value as Awaited<T> }),
      (error: unknown) => end({ ok: false, error }),
    );
  });
}

/** Runs a hook whose failure is logged and changes nothing (T4). */
export async function runHookSafely(turn: OwnedTurn, name: string, hook: () => unknown): Promise<void> {
  const result = await runHook(turn, name, hook);
  if (!result.ok) turn.log(`${name} failed`, { ...subject(turn), error: result.error });
}

/** What a log line says of the turn it is about. */
export function subject(turn: Pick<OwnedTurn, "identity" | "executionId">): Record<string, unknown> {
  return { ...turn.identity, ...(turn.executionId === undefined ? {} : { executionId: turn.executionId }) };
}
