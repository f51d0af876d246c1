import type { ActiveRun } from "./active-run.ts";
import { BlockKind, ToolChoice } from "./consts.ts";
import { callTool, type ToolOutcome } from "./call-tool.ts";
import { askEngine, type Engine, type Offer } from "./engine.ts";
import { InferenceError } from "./inference-error.ts";
import { type Middleware, throughMiddlewares } from "./middleware.ts";
import { clonePlain } from "./plain-data.ts";
import { inParallel, type Steps } from "./steps.ts";
import type { ResolvedToolLoop } from "./tool-loop-settings.ts";
import type { ToolRegistry } from "./tool-registry.ts";
import type { Block, Turn } from "./turn.ts";
import { turns } from "./turns.ts";

/** What answers a session's turns. */
export interface Parts {
  readonly engine: Engine;
  readonly middlewares: readonly Middleware[];
  readonly tools: ToolRegistry | undefined;
  readonly loop: ResolvedToolLoop;
}

/** Asks the engine through the middlewares, makes the calls of its answer, and asks again, until it calls nothing. */
export function* answerTurn(run: ActiveRun, turn: Turn, parts: Parts): Steps<Turn> {
  const { engine, middlewares, tools, loop } = parts;
  const offer = whatToOffer(parts);
  const last = (asked: Turn): Steps<Turn> => askEngine(run, engine, asked, offer);
  const loops = tools !== undefined && loop.enabled;
  const most = loops ? loop.maxIterations : 1;
  let current = turn;
  for (let iteration = 1; iteration <= most; iteration++) {
    current = yield* throughMiddlewares(run, middlewares, 0, current, last);
    run.check();
    const calls = openCalls(current);
    for (const { id, name, args } of calls) run.emit("tool-call", { toolCall: { id, name, input: args } });
    if (!loops) return current;
    if (calls.length === 0) {
      if (iteration === 1 && loop.toolChoice === ToolChoice.REQUIRED) {
        throw new InferenceError("tool-failed", "toolChoice is required, and the engine called no tool");
      }
      return current;
    }
    const tasks = calls.map((call) => () => callTool(run, call, tools, loop));
    const outcomes = yield* inParallel(run, tasks, loop.maxParallelTools);
    run.check();
    for (const [index, outcome] of outcomes.entries()) keepOutcome(run, current, calls[index]?.block, outcome);
  }
  throw new InferenceError("max-iterations", `max iterations (${most}) reached`);
}

function whatToOffer({ tools, loop }: Parts): Offer {
  const { toolChoice, allowedTools } = loop;
  const all = toolChoice === ToolChoice.NONE ? [] : (tools?.list() ?? []);
  return { tools: allowedTools === undefined ? all : all.filter(({ name }) => allowedTools.has(name)), toolChoice };
}

interface OpenCall {
  readonly id: string;
  readonly name: string;
  readonly args: unknown;
  readonly block: Block;
}

/** The calls of a turn that have no result yet. */
function openCalls(turn: Turn): OpenCall[] {
  const answered = new Set<unknown>();
  for (const { kind, payload } of turn.blocks) if (kind === BlockKind.TOOL_USE) answered.add(payload?.["id"]);
  const open: OpenCall[] = [];
  for (const [index, block] of turn.blocks.entries()) {
    if (block.kind !== BlockKind.TOOL_CALL) continue;
    const { id = block.id, name, args } = block.payload ?? {};
    if (typeof id !== "string" || typeof name !== "string") {
      throw new TypeError(`turn.blocks[${index}]: a tool call needs an id and a name`);
    }
    if (!answered.has(id)) open.push({ id, name, args: args ?? {}, block });
  }
  return open;
}

/** The turn keeps the call as it was made, so that it fits its result. */
function keepOutcome(run: ActiveRun, turn: Turn, block: Block | undefined, outcome: ToolOutcome): void {
  const { call, result, error } = outcome;
  if (block !== undefined) {
    block.id = call.id;
    block.payload = { ...block.payload, id: call.id, name: call.name, args: clonePlain(call.args) };
  }
  turn.blocks.push(turns.newToolUseBlock(call.id, result, error));
  const { call: _, ...rest } = outcome;
  run.emit("tool-result", { toolResult: { id: call.id, ...rest } });
}
