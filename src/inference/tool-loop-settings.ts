import { checkCount, checkDuration, checkFiniteDuration, checkObject, checkOneOf } from "../internal/check-argument.ts";
import { ToolChoice, ToolErrorHandling } from "./consts.ts";
import { checkToolHooks, type ToolHooks } from "./tool-hooks.ts";

export interface ToolLoopSettings {
  /** Default true, where there are tools. Otherwise calls of the model are left in the turn. */
  readonly enabled?: boolean;
  /** How often the engine may be asked. Default 5. */
  readonly maxIterations?: number;
  /** Calls of one answer that run at once. Default 4; 1 is one after the other. */
  readonly maxParallelTools?: number;
  /** `none`: the model is offered no tool, and may call none. `required`: its first answer must call one. Default `auto`. */
  readonly toolChoice?: ToolChoice;
  /** What a failing tool leads to: its error as its result, the end of the run, or another try. Default `continue`. */
  readonly toolErrorHandling?: ToolErrorHandling;
  /** Of each try of a tool. Default: no limit. */
  readonly executionTimeoutMs?: number;
  /** With `retry`. Default 2. */
  readonly retryMaxRetries?: number;
  /** Before the first retry. Default 1,000. */
  readonly retryBackoffMs?: number;
  /** By how much each wait is longer than the one before. Default 2. */
  readonly retryBackoffFactor?: number;
  /** The tools that may be called, after hooks have had their say too. Default: all. */
  readonly allowedTools?: readonly string[];
  readonly hooks?: ToolHooks;
}

export interface ResolvedToolLoop {
  readonly enabled: boolean;
  readonly maxIterations: number;
  readonly maxParallelTools: number;
  readonly toolChoice: ToolChoice;
  readonly toolErrorHandling: ToolErrorHandling;
  readonly executionTimeoutMs: number;
  readonly retryMaxRetries: number;
  readonly retryBackoffMs: number;
  readonly retryBackoffFactor: number;
  readonly allowedTools: ReadonlySet<string> | undefined;
  readonly hooks: ToolHooks;
}

const KEYS =
  "enabled maxIterations maxParallelTools toolChoice toolErrorHandling executionTimeoutMs retryMaxRetries " +
  "retryBackoffMs retryBackoffFactor allowedTools hooks";

export function resolveToolLoop(settings: ToolLoopSettings = {}, ownHooks?: ToolHooks): ResolvedToolLoop {
  checkObject("toolLoop", settings);
  // A setting that is misspelled would not be enforced, and nobody would know.
  for (const key of Object.keys(settings)) checkOneOf("A setting of toolLoop", key, KEYS.split(" "));
  const { enabled = true, maxIterations = 5, maxParallelTools = 4, executionTimeoutMs = Infinity } = settings;
  const { toolChoice = ToolChoice.AUTO, toolErrorHandling = ToolErrorHandling.CONTINUE } = settings;
  const { retryMaxRetries = 2, retryBackoffMs = 1_000, retryBackoffFactor = 2, allowedTools } = settings;
  checkCount("toolLoop.maxIterations", maxIterations, 1);
  checkCount("toolLoop.maxParallelTools", maxParallelTools, 1);
  checkOneOf("toolLoop.toolChoice", toolChoice, Object.values(ToolChoice));
  checkOneOf("toolLoop.toolErrorHandling", toolErrorHandling, Object.values(ToolErrorHandling));
  checkDuration("toolLoop.executionTimeoutMs", executionTimeoutMs);
  checkCount("toolLoop.retryMaxRetries", retryMaxRetries);
  checkFiniteDuration("toolLoop.retryBackoffMs", retryBackoffMs);
  if (!(retryBackoffFactor >= 1)) throw new RangeError("toolLoop.retryBackoffFactor must be at least 1");
  if (allowedTools !== undefined && !Array.isArray(allowedTools)) {
    throw new TypeError("toolLoop.allowedTools must be an array of names");
  }
  return {
    enabled,
    maxIterations,
    maxParallelTools,
    toolChoice,
    toolErrorHandling,
    executionTimeoutMs,
    retryMaxRetries,
    retryBackoffMs,
    retryBackoffFactor,
    allowedTools: allowedTools === undefined ? undefined : new Set(allowedTools),
    hooks: checkToolHooks(ownHooks ?? settings.hooks ?? {}),
  };
}
