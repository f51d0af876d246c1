import { checkObject, checkOneOf, checkOptionalFunction } from "../internal/check-argument.ts";
import type { ActiveRun } from "./active-run.ts";
import { HookAction } from "./consts.ts";
import { messageOf } from "./inference-error.ts";
import type { RunContext } from "./run-context.ts";
import { settle, type Steps } from "./steps.ts";

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

const NAMES = ["beforeToolCall", "afterToolCall", "onToolError"] as const;

export function checkToolHooks(hooks: ToolHooks): ToolHooks {
  checkObject("hooks", hooks);
  for (const name of NAMES) checkOptionalFunction(`hooks.${name}`, hooks[name]);
  for (const key of Object.keys(hooks)) {
    if (key !== "failOpen") checkOneOf("A hook's name", key, NAMES);
  }
  return hooks;
}

/** What a hook says; undefined when there is none, it says nothing, or it failed and was allowed to. */
export function* askHook<C, A extends { readonly action?: HookAction }>(
  run: ActiveRun,
  hooks: ToolHooks,
  name: (typeof NAMES)[number],
  hook: ((context: C) => Answer<A>) | undefined,
  context: () => C,
): Steps<A | undefined> {
  if (hook === undefined) return undefined;
  run.check();
  try {
    const answer = yield* settle(hook.call(hooks, context()), `the hook ${name}`);
    run.check();
    if (answer === undefined || answer === null) return undefined;
    checkObject(`The answer of ${name}`, answer);
    if (answer.action !== undefined) checkOneOf(`The action of ${name}`, answer.action, Object.values(HookAction));
    return answer;
  } catch (error) {
    run.check();
    if (hooks.failOpen !== true) throw error;
    run.log(`The hook ${name} failed and was passed over: ${messageOf(error)}`, { error });
    return undefined;
  }
}
