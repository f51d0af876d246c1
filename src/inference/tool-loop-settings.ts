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
import { checkAnswer, checkToolHooks, hookNames, type ToolHooks } from "./tool-hooks.ts";
import type { ForgiveHooks } from "./forgive-hooks.ts";
import type { Log } from "./log.ts";
import type { WaitWithin } from "./wait-within.ts";

/** What only some sessions need. */
export interface Late {
  readonly forgiveHooks: ForgiveHooks;
  readonly waitWithin: WaitWithin;
}

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
  readonly waitWithin: WaitWithin;
}

type Settings = Omit<ResolvedToolLoop, "waitWithin">;

/** Of each setting what it is when it is not given, and what checks one that is. */
const SETTINGS: { readonly [Key in keyof Settings]: readonly [Settings[Key], (name: string, value: unknown) => void] } =
  {
    enabled: [true, () => undefined],
    maxIterations: [5, countFrom(1)],
    maxParallelTools: [4, countFrom(1)],
    toolChoice: ["auto", oneOf(...toolChoices)],
    toolErrorHandling: ["continue", oneOf(...toolErrorHandlings)],
    executionTimeoutMs: [Infinity, checkDuration],
    retryMaxRetries: [2, countFrom(0)],
    retryBackoffMs: [1_000, checkFiniteDuration],
    retryBackoffFactor: [2, mustBe("at least 1", (value) => (value as number) >= 1, RangeError)],
    allowedTools: [undefined, checkList],
    hooks: [{}, checkToolHooks],
  };

const KEYS = Object.keys(SETTINGS) as (keyof Settings)[];
// Put together once, and not for each session.
const USUAL = Object.fromEntries(KEYS.map((key) => [key, SETTINGS[key][0]]));

export function resolveToolLoop(
  { forgiveHooks, waitWithin }: Late,
  log: Log,
  settings: ToolLoopSettings = {},
  toolHooks?: ToolHooks,
): ResolvedToolLoop {
  checkObject("toolLoop", settings);
  const given = toolHooks === undefined ? settings : { ...settings, hooks: toolHooks };
  const resolved: Record<string, unknown> = { ...USUAL, waitWithin };
  for (const key of Object.keys(given) as (keyof Settings)[]) {
    // A setting that is misspelled would not be enforced, and nobody would know.
    checkOneOf("A setting of toolLoop", key, KEYS);
    const value = given[key];
    if (value === undefined) continue;
    SETTINGS[key][1](`toolLoop.${key}`, value);
    resolved[key] = Array.isArray(value) ? [...value] : value;
  }
  const { hooks = {} } = given;
  if (hooks.failOpen === true) resolved["hooks"] = forgiveHooks(hooks, hookNames, checkAnswer, log);
  return resolved as unknown as ResolvedToolLoop;
}
