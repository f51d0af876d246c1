import type { ToolChoice } from "./consts.ts";
import type { RunContext } from "./run-context.ts";
import type { ToolDefinition } from "./tool-registry.ts";
import type { Turn } from "./turn.ts";

/** What an engine is told beside the turn: one object for all questions of a run, whose `timestampMs` is the last one's. */
export interface EngineContext extends RunContext {
  readonly engineName: string;
  /** What the model may call; empty where it may call nothing. */
  readonly tools: readonly ToolDefinition[];
  readonly toolChoice: ToolChoice;
  /** Says a piece of the answer. */
  readonly partial: (delta: string) => void;
  /** Says a piece of the reasoning. */
  readonly thinking: (delta: string) => void;
}

/** Nothing returned means the turn that was given, as it was changed in place. */
export type EngineAnswer = Turn | undefined | void | null;
export type EngineFunction = (turn: Turn, context: EngineContext) => EngineAnswer | PromiseLike<EngineAnswer>;

/** What answers a turn: a model, or something that behaves like one. It gets a turn and returns it with its answer added. */
export interface Engine {
  readonly name: string;
  readonly infer: EngineFunction;
}
