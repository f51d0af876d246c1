import { checkFiniteDuration, checkName } from "../internal/check-argument.ts";
import { type ActiveRun, checkRun, contextOf, isHeard, say } from "./active-run.ts";
import { failure, InferenceError, messageOf } from "./inference-error.ts";
import type { ToolCallInfo, ToolResultInfo } from "./inference-event.ts";
import { mustWait, type Steps } from "./steps.ts";
import { askHook, type BeforeToolCallAnswer, type HookCall, hookAnswer, type ToolErrorAnswer } from "./tool-hooks.ts";
import type { ResolvedToolLoop } from "./tool-loop-settings.ts";
import type { ToolRegistry } from "./tool-registry.ts";
import { sleep } from "./sleep.ts";

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
  if (mustWait(run, said, "the hook beforeToolCall")) said = yield said;
  const call =
    said === undefined || said === null ? asked : rewritten(asked, hookAnswer(run, "beforeToolCall", asked, said));
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
      if (mustWait(run, result, "the tool ", name)) result = yield result;
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
    if (mustWait(run, said, "the hook onToolError")) said = yield said;
    const answer: ToolErrorAnswer =
      said === undefined || said === null ? {} : hookAnswer(run, "onToolError", call, said, error, thrown);
    const { action, backoffMs = defaultBackoffMs } = answer;
    const again = action === undefined ? defaultRetry : action === "retry";
    if (again && (defaultRetry || attempts <= MOST_HOOK_RETRIES)) {
      checkFiniteDuration("The backoffMs of onToolError", backoffMs);
      if (backoffMs > 0) {
        const slept = sleep(run, backoffMs);
        if (mustWait(run, slept, "the wait before another try of the tool ", name)) yield slept;
      }
      continue;
    }
    // Also where a hook asks for more tries than there are.
    if (action !== "continue" && loop.toolErrorHandling === "abort") {
      throw failure("tool-failed", `The tool ${name} failed: ${error}`, thrown);
    }
    outcome = { call, error };
    break;
  }

  said = askHook(run, hooks, "afterToolCall", { callId, attempts, durationMs: clock.now() - begunAt, ...outcome });
  if (mustWait(run, said, "the hook afterToolCall")) said = yield said;
  if (said !== undefined && said !== null) {
    const after = hookAnswer(run, "afterToolCall", call, said);
    const result = "result" in after ? after.result : outcome.result;
    const error = after.error === undefined ? outcome.error : after.error;
    outcome = error === undefined || error === null ? { call, result } : { call, result, error: messageOf(error) };
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
  return loop.waitWithin(run, ms, name, (signal) => registry.call(name, args, { ...told, signal }));
}

function rewritten(call: HookCall, answer: BeforeToolCallAnswer): HookCall {
  const { id = call.id, name = call.name, args = call.args } = answer;
  checkName("The id of beforeToolCall", id);
  checkName("The name of beforeToolCall", name);
  return { id, name, args };
}
