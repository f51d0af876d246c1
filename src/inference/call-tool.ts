import { checkFiniteDuration, checkName } from "../internal/check-argument.ts";
import type { ActiveRun } from "./active-run.ts";
import { HookAction, ToolChoice, ToolErrorHandling } from "./consts.ts";
import { InferenceError, messageOf } from "./inference-error.ts";
import { LazySignal } from "./lazy-signal.ts";
import { isThenable, settle, type Steps } from "./steps.ts";
import { askHook, type HookCall, type HookContext } from "./tool-hooks.ts";
import type { ResolvedToolLoop } from "./tool-loop-settings.ts";
import type { ToolRegistry } from "./tool-registry.ts";
import { sleep, waitWithin } from "./wait-within.ts";

/** What became of one call, with the call as it was made in the end. */
export interface ToolOutcome {
  readonly call: HookCall;
  readonly result?: unknown;
  readonly error?: string;
}

// However often a hook asks for it.
const MOST_HOOK_RETRIES = 10;

/** Makes one call of the model, with its hooks and retries. It throws only what ends the run. */
export function* callTool(
  run: ActiveRun,
  asked: HookCall,
  registry: ToolRegistry,
  loop: ResolvedToolLoop,
): Steps<ToolOutcome> {
  const { hooks } = loop;
  run.check();
  const before = yield* askHook(run, hooks, "beforeToolCall", hooks.beforeToolCall, () => hookContext(run, asked, {}));
  if (before?.action === HookAction.ABORT) throw aborted(asked, before.error ?? "beforeToolCall said so");
  const call = rewritten(asked, before);
  const begunAt = run.clock.now();
  run.emit("tool-call-execute", { toolCall: { id: call.id, name: call.name, input: call.args }, callId: call.id });
  const tried = yield* tryTool(run, call, asked.name, registry, loop);
  const { attempts, ...found } = tried;
  const after = yield* askHook(run, hooks, "afterToolCall", hooks.afterToolCall, () =>
    hookContext(run, call, { ...found, attempts, durationMs: run.clock.now() - begunAt }),
  );
  if (after?.action === HookAction.ABORT) throw aborted(call, after.error ?? "afterToolCall said so");
  const outcome = changed({ call, ...found }, after);
  const { call: _, ...toolResult } = outcome;
  run.emit("tool-call-execution-result", { toolResult: { id: call.id, ...toolResult }, callId: call.id });
  return outcome;
}

interface Tried {
  readonly attempts: number;
  readonly result?: unknown;
  readonly error?: string;
}

function* tryTool(
  run: ActiveRun,
  call: HookCall,
  callName: string,
  registry: ToolRegistry,
  loop: ResolvedToolLoop,
): Steps<Tried> {
  const { hooks, toolErrorHandling } = loop;
  for (let attempt = 1; ; attempt++) {
    run.check();
    let thrown: unknown;
    try {
      return { attempts: attempt, result: yield* tryOnce(run, call, callName, registry, loop) };
    } catch (error) {
      // A stop is no failure of the tool.
      run.check();
      thrown = error;
    }
    const error = messageOf(thrown);
    const wasRefused = thrown instanceof InferenceError && thrown.code === "tool-refused";
    const defaultRetry =
      toolErrorHandling === ToolErrorHandling.RETRY && attempt <= loop.retryMaxRetries && !wasRefused;
    const defaultBackoffMs = loop.retryBackoffMs * loop.retryBackoffFactor ** (attempt - 1);
    const said = yield* askHook(run, hooks, "onToolError", hooks.onToolError, () =>
      hookContext(run, call, { attempt, error, defaultRetry, defaultBackoffMs }),
    );
    if (said?.action === HookAction.ABORT) throw aborted(call, said.error ?? error, thrown);
    const again = said?.action === undefined ? defaultRetry : said.action === HookAction.RETRY;
    if (again && attempt <= Math.max(MOST_HOOK_RETRIES, defaultRetry ? loop.retryMaxRetries : 0)) {
      const backoffMs = said?.backoffMs ?? defaultBackoffMs;
      checkFiniteDuration("The backoffMs of onToolError", backoffMs);
      if (backoffMs > 0) yield* settle(sleep(run, backoffMs), `the wait before ${call.name} is tried again`);
      continue;
    }
    if (said?.action === undefined && toolErrorHandling === ToolErrorHandling.ABORT) {
      throw new InferenceError("tool-failed", `The tool ${call.name} failed: ${error}`, { cause: thrown });
    }
    return { attempts: attempt, error };
  }
}

function* tryOnce(
  run: ActiveRun,
  call: HookCall,
  callName: string,
  registry: ToolRegistry,
  loop: ResolvedToolLoop,
): Steps<unknown> {
  const { name, args, id } = call;
  if (loop.toolChoice === ToolChoice.NONE) {
    throw new InferenceError("tool-refused", `The tool ${name} was called, and toolChoice is none`);
  }
  if (loop.allowedTools?.has(name) === false) {
    throw new InferenceError("tool-refused", `The tool ${name} is not allowed (allowedTools)`);
  }
  const what = `the tool ${name}`;
  const { executionTimeoutMs } = loop;
  if (executionTimeoutMs === Infinity) {
    return yield* settle(registry.call(name, args, run.context({ callId: id, callName })), what);
  }
  const begunAt = run.clock.now();
  const own = new LazySignal();
  const unwatch = run.onStop((error) => own.abort(error));
  const late = (): Error => {
    const error = new Error(`The tool ${name} took more than ${executionTimeoutMs} ms (executionTimeoutMs)`);
    own.abort(error);
    return error;
  };
  try {
    const answer = registry.call(name, args, run.context({ callId: id, callName, signal: own.signal }));
    if (isThenable(answer)) {
      return yield* settle(run.isSync ? answer : waitWithin(run, answer, executionTimeoutMs, late), what);
    }
    // It cannot be cut off, but being late is being late.
    if (run.clock.now() - begunAt > executionTimeoutMs) throw late();
    return answer;
  } finally {
    unwatch();
  }
}

function hookContext<T extends object>(run: ActiveRun, call: HookCall, more: T): HookContext & T {
  return run.context({ callId: call.id, call, ...more });
}

function rewritten(
  call: HookCall,
  answer: { readonly id?: string; readonly name?: string; readonly args?: unknown } | undefined,
): HookCall {
  const { id = call.id, name = call.name, args = call.args } = answer ?? {};
  checkName("The id of beforeToolCall", id);
  checkName("The name of beforeToolCall", name);
  return { id, name, args };
}

function changed(
  outcome: ToolOutcome,
  answer: { readonly result?: unknown; readonly error?: string | null } | undefined,
): ToolOutcome {
  if (answer === undefined) return outcome;
  const { call } = outcome;
  const result = "result" in answer ? answer.result : outcome.result;
  const error = answer.error === undefined ? outcome.error : (answer.error ?? undefined);
  return {
    call,
    ...(result === undefined ? {} : { result }),
    ...(error === undefined ? {} : { error: messageOf(error) }),
  };
}

function aborted(call: HookCall, why: string, cause?: unknown): InferenceError {
  const message = `A hook aborted the run at the tool ${call.name}: ${messageOf(why)}`;
  return new InferenceError("tool-aborted", message, cause === undefined ? undefined : { cause });
}
