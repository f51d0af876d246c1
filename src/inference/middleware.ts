import { checkFunction, checkName, checkObject } from "../internal/check-argument.ts";
import type { RunContext } from "./run-context.ts";
import type { Turn } from "./turn.ts";

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
  return typeof given === "function"
    ? { name: name ?? (given.name || "middleware"), fn: given }
    : checkPart("middleware", given, "fn");
}

/** An engine or a middleware: something with a name and a function. */
export function checkPart<T extends { readonly name: string }>(what: string, part: T, key: keyof T & string): T {
  checkObject(what, part);
  checkFunction(`${what}.${key}`, part[key]);
  checkName(`${what}.name`, part.name);
  return part;
}

export function fromJS(fn: MiddlewareFunction, name?: string): Middleware {
  checkFunction("fn", fn);
  return toMiddleware(fn, name);
}
