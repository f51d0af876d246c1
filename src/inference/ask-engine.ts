import { type ActiveRun, checkRun, contextOf } from "./active-run.ts";
import type { Engine, EngineContext } from "./engine.ts";
import type { Middleware, NextMiddleware } from "./middleware.ts";
import { isThenable } from "./is-thenable.ts";
import { drive, type Steps, waitFor } from "./steps.ts";
import { type BlocksSeen, checkTurn, type Turn } from "./turn.ts";

/** Who is asked, and what the engine is told each time. */
export interface Asked {
  readonly middlewares: readonly Middleware[];
  readonly engine: Engine;
  readonly offer: Omit<EngineContext, "timestampMs">;
  readonly traceId: unknown;
  /** What need not be checked again. */
  seen: BlocksSeen | undefined;
}

/** Asks the engine once, through the middlewares from `index` on; the first is the outermost. */
export function* askEngine(run: ActiveRun, asked: Asked, turn: Turn, index = 0): Steps<Turn> {
  checkRun(run);
  const { middlewares, engine, offer, traceId, seen } = asked;
  const middleware = middlewares[index];
  let what: string;
  let answer: unknown;
  let below: unknown = turn;
  if (middleware === undefined) {
    run.completion = run.thinking = "";
    what = `the engine ${engine.name}`;
    answer = engine.infer(turn, { ...offer, timestampMs: run.clock.now() });
  } else {
    const { name, fn } = middleware;
    what = `the middleware ${name}`;
    const next: NextMiddleware = (given) => {
      const passed = checkTurn(given ?? turn, "What ", `${what} passed to next`, seen);
      const answered = drive(run, askEngine(run, asked, passed, index + 1));
      below = answered;
      return answered;
    };
    const told = typeof traceId === "string" ? { middlewareName: name, traceId } : { middlewareName: name };
    answer = fn(turn, next, contextOf(run, told));
  }
  if (isThenable(answer)) answer = yield waitFor(run, answer, what);
  checkRun(run);
  answer ??= isThenable(below) ? yield waitFor(run, below, what) : below;
  return checkTurn(answer, "The answer of ", what, seen);
}
