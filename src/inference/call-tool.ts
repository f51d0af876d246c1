import { checkFiniteDuration, checkName } from "../internal/check-argument.ts";
import { type ActiveRun, checkRun, contextOf, isHeard, say } from "./active-run.ts";
import { failure, InferenceError, messageOf } from "./inference-error.ts";
import type { ToolCallInfo, ToolResultInfo } from "./inference-event.ts";
import { isThenable } from "./is-thenable.ts";
import { type Steps, waitFor } from "./steps.ts";
import { askHook, type BeforeToolCallAnswer, type HookCall, hookAnswer } from "./tool-hooks.ts";
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
  const { clock } = run;
  let said = askHook(run, hooks, "beforeToolCall", { callId: asked.id, call: asked });
  if (isThenable(said)) said = yield waitFor(run, said, "the hook beforeToolCall");
  const before = hookAnswer(run, "beforeToolCall", asked, said);
  const call = before === undefined ? asked : rewritten(asked, before);
  const { id: callId, name } = call;
  const begunAt = clock.now();
  if (isHeard(run)) say(run, "tool-call-execute", { toolCall: toolCall(call), callId });

  let outcome: ToolOutcome;
  let attempts = 1;
  for (; ; attempts++) {
    checkRun(run);
    let thrown: unknown;
    try {
      let result = tryOnce(run, call, asked.name, registry, loop);
      if (isThenable(result)) result = yield waitFor(run, result, `the tool ${name}`);
      outcome = { call, result };
      break;
    } catch (error) {
      // A stop is no failure of the tool.
      checkRun(run);
      thrown = error;
    }
    const error = messageOf(thrown);
    const wasRefused = thrown instanceof InferenceError && thrown.code === "tool-refused";
    const defaultRetry = loop.toolErrorHandling === "retry" && attempts <= loop.retryMaxRetries && !wasRefused;
    const defaultBackoffMs = loop.retryBackoffMs * loop.retryBackoffFactor ** (attempts - 1);
    said = askHook(run, hooks, "onToolError", {
      callId,
      call,
      attempt: attempts,
      error,
      defaultRetry,
      defaultBackoffMs,
    });
    if (isThenable(said)) said = yield waitFor(run, said, "the hook onToolError");
    const { action, backoffMs = defaultBackoffMs } = hookAnswer(run, "onToolError", call, said, error, thrown) ?? {};
    const again = action === undefined ? defaultRetry : action === "retry";
    if (again && (defaultRetry || attempts <= MOST_HOOK_RETRIES)) {
      checkFiniteDuration("The backoffMs of onToolError", backoffMs);
      if (backoffMs > 0) yield waitFor(run, sleep(run, backoffMs), `the wait before ${name} is tried again`);
      continue;
    }
    if (action === undefined && loop.toolErrorHandling === "abort") {
      throw failure("tool-failed", `The tool ${name} failed: ${error}`, thrown);
    }
    outcome = { call, error };
    break;
  }

  said = askHook(run, hooks, "afterToolCall", { ...outcome, callId, attempts, durationMs: clock.now() - begunAt });
  if (isThenable(said)) said = yield waitFor(run, said, "the hook afterToolCall");
  const after = hookAnswer(run, "afterToolCall", call, said);
  if (after !== undefined) {
    const result = "result" in after ? after.result : outcome.result;
    const error = after.error === undefined ? outcome.error : after.error;
    outcome = { call, result, ...(error === undefined || error === null ? {} : { error: messageOf(error) }) };
  }
  if (isHeard(run)) say(run, "tool-call-execution-result", { toolResult: toolResult(outcome), callId });
  return outcome;
}

/** A call, as events have it. */
export function toolCall({ id, name, args }: HookCall): ToolCallInfo {
  return { id, name, input: args };
}

/** An outcome, as events have it. */
export function toolResult({ call, result, error }: ToolOutcome): ToolResultInfo {
  return { id: call.id, ...(result === undefined ? {} : { result }), ...(error === undefined ? {} : { error }) };
}

function tryOnce(
  run: ActiveRun,
  { id, name, args }: HookCall,
  callName: string,
  registry: ToolRegistry,
  loop: ResolvedToolLoop,
): unknown {
  const isAllowed = loop.allowedTools?.includes(name) ?? true;
  if (!isAllowed || loop.toolChoice === "none") {
    const why = isAllowed ? "was called, and toolChoice is none" : "is not allowed (allowedTools)";
    throw failure("tool-refused", `The tool ${name} ${why}`);
  }
  const told = contextOf(run, { toolName: name, callId: id, callName });
  const ms = loop.executionTimeoutMs;
  if (ms === Infinity) return registry.call(name, args, told);
  return waitWithin(run, ms, name, (signal) => registry.call(name, args, { ...told, signal }));
}

function rewritten(call: HookCall, answer: BeforeToolCallAnswer): HookCall {
  const { id = call.id, name = call.name, args = call.args } = answer;
  checkName("The id of beforeToolCall", id);
  checkName("The name of beforeToolCall", name);
  return { id, name, args };
}
