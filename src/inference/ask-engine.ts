import { type ActiveRun, checkRun, contextOf } from "./active-run.ts";
import type { Engine, EngineContext } from "./engine.ts";
import type { Middleware, NextMiddleware } from "./middleware.ts";
import { isThenable } from "./is-thenable.ts";
import { drive, ignore, mustWait, type Steps } from "./steps.ts";
import { type BlocksSeen, checkTurn, type Turn } from "./turn.ts";

/*
 * One question to the engine, through the middlewares: each stands at its place from 0, the outermost, and the engine at
 * the last.
 */

/** Who is asked, and what the engine is told each time. */
export interface Asked {
  readonly middlewares: readonly Middleware[];
  readonly engine: Engine;
  /** One for all questions of a run: an object of its own for each would be a good part of what a question costs in a VM. */
  readonly offer: EngineContext & { timestampMs: number };
  readonly traceId: unknown;
  /** What need not be checked again. */
  readonly seen: BlocksSeen;
}

/** What is answered at a place. */
export function* askAt(place: number, run: ActiveRun, asked: Asked, turn: Turn): Steps<Turn> {
  const title = titleAt(place, asked);
  let answer = beginToAsk(place, run, asked, turn);
  if (mustWait(run, answer, title)) answer = yield answer;
  checkRun(run);
  return checkTurn(answer ?? turn, answerOf(title), asked.seen);
}

export const answerOf = (title: string): string => `The answer of ${title}`;

/** What whoever stands there is called in refusals. */
export function titleAt(place: number, { middlewares, engine }: Asked): string {
  return place < middlewares.length ? `the middleware ${middlewares[place]?.name}` : `the engine ${engine.name}`;
}

/** Calls whoever stands there. No answer is the turn that was asked, as it was changed in place. */
export function beginToAsk(place: number, run: ActiveRun, asked: Asked, turn: Turn): unknown {
  checkRun(run);
  const { middlewares, engine, offer } = asked;
  if (place < middlewares.length) return askMiddleware(place, run, asked, turn);
  run.completion = run.thinking = "";
  offer.timestampMs = run.clock.now();
  return engine.infer(turn, offer);
}

function askMiddleware(place: number, run: ActiveRun, asked: Asked, turn: Turn): unknown {
  const { name, fn } = asked.middlewares[place] as Middleware;
  const { traceId, seen } = asked;
  let below: unknown = turn;
  const next: NextMiddleware = (given) => {
    const passed = checkTurn(given ?? turn, `What ${titleAt(place, asked)} passed to next`, seen);
    const answered = drive(run, askAt(place + 1, run, asked, passed));
    // A middleware need not wait for it.
    if (isThenable(answered)) ignore(answered);
    below = answered;
    return answered;
  };
  const trace = typeof traceId === "string" ? { traceId } : {};
  const context = contextOf(run, { middlewareName: name, ...trace });
  const answer: unknown = fn(turn, next, context);
  return isThenable(answer) ? Promise.resolve(answer).then((said) => said ?? below) : (answer ?? below);
}
