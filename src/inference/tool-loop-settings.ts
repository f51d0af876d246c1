import {
  checkDuration,
  checkFiniteDuration,
  checkList,
  checkObject,
  checkOneOf,
  countFrom,
  mustBe,
  oneOf,
} from "../internal/check-argument.ts";
import { type ToolChoice, toolChoices, type ToolErrorHandling, toolErrorHandlings } from "./consts.ts";
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
  readonly allowedTools: readonly string[] | undefined;
  readonly hooks: ToolHooks;
}

const DEFAULTS: ResolvedToolLoop = {
  enabled: true,
  maxIterations: 5,
  maxParallelTools: 4,
  toolChoice: "auto",
  toolErrorHandling: "continue",
  executionTimeoutMs: Infinity,
  retryMaxRetries: 2,
  retryBackoffMs: 1_000,
  retryBackoffFactor: 2,
  allowedTools: undefined,
  hooks: {},
};

const CHECKS: Readonly<Record<keyof ResolvedToolLoop, (name: string, value: unknown) => void>> = {
  enabled: () => undefined,
  maxIterations: countFrom(1),
  maxParallelTools: countFrom(1),
  toolChoice: oneOf(...toolChoices),
  toolErrorHandling: oneOf(...toolErrorHandlings),
  executionTimeoutMs: checkDuration,
  retryMaxRetries: countFrom(0),
  retryBackoffMs: checkFiniteDuration,
  retryBackoffFactor: mustBe("at least 1", (value) => (value as number) >= 1, RangeError),
  allowedTools: checkList,
  hooks: checkToolHooks,
};

const KEYS = Object.keys(CHECKS);

export function resolveToolLoop(settings: ToolLoopSettings = {}, hooks?: ToolHooks): ResolvedToolLoop {
  checkObject("toolLoop", settings);
  const resolved: Record<string, unknown> = { ...DEFAULTS };
  for (const [key, value] of Object.entries(hooks === undefined ? settings : { ...settings, hooks })) {
    // A setting that is misspelled would not be enforced, and nobody would know.
    checkOneOf("A setting of toolLoop", key, KEYS);
    if (value === undefined) continue;
    CHECKS[key as keyof ResolvedToolLoop](`toolLoop.${key}`, value);
    resolved[key] = Array.isArray(value) ? [...value] : value;
  }
  return resolved as unknown as ResolvedToolLoop;
}
