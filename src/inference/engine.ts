import type { ActiveRun } from "./active-run.ts";
import type { ToolChoice } from "./consts.ts";
import type { RunContext } from "./run-context.ts";
import { settle, type Steps } from "./steps.ts";
import type { ToolDefinition } from "./tool-registry.ts";
import { checkTurn, type Turn } from "./turn.ts";

/** What an engine is told beside the turn. */
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

export interface Offer {
  readonly tools: readonly ToolDefinition[];
  readonly toolChoice: ToolChoice;
}

/** Asks an engine once. */
export function* askEngine(run: ActiveRun, engine: Engine, turn: Turn, offer: Offer): Steps<Turn> {
  run.check();
  run.completion = "";
  run.thinking = "";
  const context = run.context({
    engineName: engine.name,
    tools: offer.tools,
    toolChoice: offer.toolChoice,
    partial(delta: string) {
      run.completion += delta;
      run.emit("partial", { delta, completion: run.completion });
    },
    thinking(delta: string) {
      run.thinking += delta;
      run.emit("partial-thinking", { delta, completion: run.thinking });
    },
  });
  const answer = yield* settle(engine.infer(turn, context), `the engine ${engine.name}`);
  run.check();
  return checkTurn(answer ?? turn, `The answer of the engine ${engine.name}`);
}
