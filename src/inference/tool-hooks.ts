import { checkObject, checkOneOf, checkOptionalFunction } from "../internal/check-argument.ts";
import { type ActiveRun, checkRun, contextOf } from "./active-run.ts";
import { type HookAction, hookActions } from "./consts.ts";
import { failure, messageOf } from "./inference-error.ts";
import type { RunContext } from "./run-context.ts";

/** A call as it will be made, or was. */
export interface HookCall {
  readonly id: string;
  readonly name: string;
  readonly args: unknown;
}

export interface HookContext extends RunContext {
  readonly callId: string;
  readonly call: HookCall;
}

export interface BeforeToolCallAnswer {
  readonly id?: string;
  readonly name?: string;
  readonly args?: unknown;
  /** `abort` ends the run. */
  readonly action?: HookAction;
  readonly error?: string;
}

export interface AfterToolCallContext extends HookContext {
  readonly result?: unknown;
  readonly error?: string;
  readonly attempts: number;
  readonly durationMs: number;
}

export interface AfterToolCallAnswer {
  readonly result?: unknown;
  /** null makes a failure a success. */
  readonly error?: string | null;
  readonly action?: HookAction;
}

export interface ToolErrorContext extends HookContext {
  /** From 1. */
  readonly attempt: number;
  readonly error: string;
  /** Whether it is tried again when the hook says nothing. */
  readonly defaultRetry: boolean;
  readonly defaultBackoffMs: number;
}

export interface ToolErrorAnswer {
  readonly action?: HookAction;
  readonly backoffMs?: number;
  /** With `abort`: what the run fails with. */
  readonly error?: string;
}

type Answer<T> = T | undefined | void | null | PromiseLike<T | undefined | void | null>;

export interface ToolHooks {
  readonly beforeToolCall?: (context: HookContext) => Answer<BeforeToolCallAnswer>;
  readonly afterToolCall?: (context: AfterToolCallContext) => Answer<AfterToolCallAnswer>;
  readonly onToolError?: (context: ToolErrorContext) => Answer<ToolErrorAnswer>;
  /** Whether a hook that throws is passed over. By default it ends the run. */
  readonly failOpen?: boolean;
}

interface HookAnswers {
  readonly beforeToolCall: BeforeToolCallAnswer;
  readonly afterToolCall: AfterToolCallAnswer;
  readonly onToolError: ToolErrorAnswer;
}

export type HookName = keyof HookAnswers;

export const hookNames: readonly HookName[] = ["beforeToolCall", "afterToolCall", "onToolError"];

export function checkToolHooks(place: string, hooks: unknown): void {
  checkObject(place, hooks);
  for (const [key, hook] of Object.entries(hooks)) {
    if (key === "failOpen") continue;
    checkOneOf("A hook's name", key, hookNames);
    checkOptionalFunction(`${place}.${key}`, hook);
  }
}

/** Asks a hook, where there is one, telling it `more`. What it says, now or later, is for `hookAnswer`. */
export function askHook(run: ActiveRun, hooks: ToolHooks, name: HookName, more: object): unknown {
  if (hooks[name] === undefined) return undefined;
  checkRun(run);
  const context = contextOf(run, more) as never;
  return hooks[name](context);
}

/** What a hook said. `abort` ends the run, for the reason that it gives, or `why`. */
export function hookAnswer<T extends HookName>(
  run: ActiveRun,
  name: T,
  call: HookCall,
  said: unknown,
  why?: string,
  cause?: unknown,
): HookAnswers[T] {
  checkRun(run);
  const answer = checkAnswer(name, said);
  if (answer.action === "abort") {
    const message = `A hook aborted the run at the tool ${call.name}: ${messageOf(answer.error ?? why ?? `${name} said so`)}`;
    throw failure("tool-aborted", message, cause);
  }
  return answer;
}

export function checkAnswer<T extends HookName>(name: T, said: unknown): HookAnswers[T] {
  // Also what says nothing comes by here, where hooks are forgiven.
  if (said === undefined || said === null) return {};
  checkObject(`The answer of ${name}`, said);
  const answer = said as HookAnswers[T];
  if (answer.action !== undefined) checkOneOf(`The action of ${name}`, answer.action, hookActions);
  return answer;
}
