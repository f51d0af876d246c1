import type { TurnEvent } from "../event/turn-event.ts";
import { createDeferred, type Deferred } from "../internal/deferred.ts";
import { subject } from "./run-hook.ts";
import { subjectOf } from "./turn-owner.ts";
import type { OwnedTurn } from "./turn-owner.ts";

/** The `onEvent` hook, made harmless: what it throws is logged, what it promises is waited for only at the end. */
export interface EventHook {
  readonly tell: (event: TurnEvent) => void;
  /** Resolves once every promise that `onEvent` returned has settled, or `hookTimeoutMs` is over. Never rejects. */
  readonly quiet: () => Promise<void>;
}

export function createEventHook(turn: OwnedTurn): EventHook {
  const { hooks, clock, log } = turn;
  const turnSubject = subjectOf(turn);
  // Only a count: promises that never settle must not pile up here over a long turn.
  let pending = 0;
  let idle: Deferred<void> | undefined;

  function failed(error: unknown): void {
    log("onEvent failed", { ...subject(turn), error });
  }

  function onSettled(): void {
    pending--;
    if (pending === 0) idle?.resolve();
  }

  function tell(event: TurnEvent): void {
    try {
      const result: unknown = hooks.onEvent?.(event, turnSubject);
      if (!isThenable(result)) return;
      pending++;
      // A foreign thenable may throw, or call back twice; a promise around it does neither.
      Promise.resolve(result).then(onSettled, (error: unknown) => {
        failed(error);
        onSettled();
      });
    } catch (error) {
      failed(error);
    }
  }

  return {
    tell: typeof hooks.onEvent === "function" ? tell : () => undefined,
    async quiet() {
      if (pending === 0) return;
      idle = createDeferred();
      const stopTimer = clock.after(turn.hookTimeoutMs, () => {
        log("onEvent did not finish in time", { ...subject(turn), pending });
        idle?.resolve();
      });
      await idle.promise;
      stopTimer();
    },
  };
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}
