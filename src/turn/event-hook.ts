import type { TurnEvent } from "../event/turn-event.ts";
import { createDeferred, type Deferred } from "../internal/deferred.ts";
import { fieldsOf } from "../internal/fields-of.ts";
import { attempt, logFailure, runHookSafely } from "./run-hook.ts";
import { type OwnedTurn, subjectOf } from "./turn-owner.ts";

/** The `onEvent` hook, made harmless: what it throws is logged, what it promises is waited for only at the end. */
export interface EventHook {
  readonly tell: (event: TurnEvent) => void;
  /** Resolves once every promise that `onEvent` returned has settled, or `hookTimeoutMs` is over. Never rejects. */
  readonly quiet: () => Promise<void>;
}

export function createEventHook(turn: OwnedTurn): EventHook {
  const { hooks } = turn;
  const turnSubject = subjectOf(turn);
  // Only a count: promises that never settle must not pile up here over a long turn.
  let pending = 0;
  let idle: Deferred<void> | undefined;

  function tell(event: TurnEvent): void {
    if (hooks.onEvent === undefined) return;
    try {
      const result: unknown = hooks.onEvent(event, turnSubject);
      if (typeof fieldsOf(result)["then"] !== "function") return;
      pending++;
      void attempt(turn, "onEvent", () => result).then(() => {
        pending--;
        if (pending === 0) idle?.resolve();
      });
    } catch (error) {
      logFailure(turn, "onEvent", error);
    }
  }

  return {
    tell,
    async quiet() {
      if (pending === 0) return;
      idle = createDeferred();
      await runHookSafely(turn, "onEvent", () => idle?.promise);
    },
  };
}
