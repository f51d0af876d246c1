import { checkFunction, checkName, checkObject } from "../internal/check-argument.ts";
import type { ActiveRun } from "./active-run.ts";
import type { RunContext } from "./run-context.ts";
import { drive, settle, type Steps } from "./steps.ts";
import { checkTurn, type Turn } from "./turn.ts";

export interface MiddlewareContext extends RunContext {
  readonly middlewareName: string;
  readonly traceId?: string;
}

type MiddlewareAnswer = Turn | undefined | void | null;

/**
 * Asks what lies below: the next middleware or the engine. Answers a promise only where something there is
 * asynchronous. Without a turn, what this middleware was given goes on.
 */
export type NextMiddleware = (turn?: Turn) => Turn | Promise<Turn>;

/** Stands around each question to the engine. Returns the answer; nothing means what `next` answered, changes included. */
export type MiddlewareFunction = (
  turn: Turn,
  next: NextMiddleware,
  context: MiddlewareContext,
) => MiddlewareAnswer | PromiseLike<MiddlewareAnswer>;

export interface Middleware {
  readonly name: string;
  readonly fn: MiddlewareFunction;
}

export function toMiddleware(given: Middleware | MiddlewareFunction, name?: string): Middleware {
  if (typeof given === "function") return { name: name ?? (given.name || "middleware"), fn: given };
  checkObject("middleware", given);
  checkFunction("middleware.fn", given.fn);
  checkName("middleware.name", given.name);
  return given;
}

/** Asks `last` through the middlewares from `index` on; the first is the outermost. */
export function* throughMiddlewares(
  run: ActiveRun,
  middlewares: readonly Middleware[],
  index: number,
  turn: Turn,
  last: (turn: Turn) => Steps<Turn>,
): Steps<Turn> {
  run.check();
  const middleware = middlewares[index];
  if (middleware === undefined) return yield* last(turn);
  const { name, fn } = middleware;
  const what = `the middleware ${name}`;
  let below: Turn | Promise<Turn> | undefined;
  const next: NextMiddleware = (given) => {
    const passed = checkTurn(given ?? turn, `What ${what} passed to next`);
    below = drive(run, throughMiddlewares(run, middlewares, index + 1, passed, last));
    return below;
  };
  const { traceId } = run.identity;
  const context = run.context({ middlewareName: name, ...(traceId === undefined ? {} : { traceId }) });
  const answer = yield* settle(fn(turn, next, context), what);
  run.check();
  if (answer !== undefined && answer !== null) return checkTurn(answer, `The answer of ${what}`);
  return below === undefined ? turn : yield* settle(below, what);
}
