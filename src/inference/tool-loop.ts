import { type Asked, askEngine } from "./ask-engine.ts";
import { type ActiveRun, isHeard, say } from "./active-run.ts";
import { callTool, toolCall, type ToolOutcome, toolResult } from "./call-tool.ts";
import type { Engine } from "./engine.ts";
import { failure } from "./inference-error.ts";
import type { Middleware } from "./middleware.ts";
import { clonePlain } from "./plain-data.ts";
import { isThenable } from "./is-thenable.ts";
import { inParallel, type Steps, waitFor } from "./steps.ts";
import type { HookCall } from "./tool-hooks.ts";
import type { ResolvedToolLoop } from "./tool-loop-settings.ts";
import type { ToolRegistry } from "./tool-registry.ts";
import { type Block, firstUnseen, type Turn } from "./turn.ts";
import { toolUse } from "./turns.ts";

/** What answers a session's turns. */
export interface Parts {
  readonly engine: Engine;
  readonly middlewares: readonly Middleware[];
  readonly tools: ToolRegistry | undefined;
  readonly loop: ResolvedToolLoop;
}

/** Asks the engine through the middlewares, makes the calls of its answer, and asks again, until it calls nothing. */
export function* answerTurn(run: ActiveRun, turn: Turn, parts: Parts): Steps<Turn> {
  const { tools, loop } = parts;
  const answered = new Set<unknown>();
  const asked: Asked = {
    ...parts,
    offer: whatToOffer(run, parts),
    traceId: turn.metadata?.["trace_id"],
    seen: undefined,
  };
  const loops = tools !== undefined && loop.enabled;
  const most = loops ? loop.maxIterations : 1;
  let current = turn;
  for (let iteration = 1; iteration <= most; iteration++) {
    current = yield* askEngine(run, asked, current);
    const { blocks } = current;
    const start = firstUnseen(blocks, asked.seen);
    if (start === 0) answered.clear();
    const open = openCalls(current, start, answered);
    if (isHeard(run)) {
      for (const { call } of open) say(run, "tool-call", { toolCall: toolCall(call) });
    }
    if (!loops) return current;
    if (open.length === 0) {
      if (iteration > 1 || loop.toolChoice !== "required") return current;
      throw failure("tool-failed", "toolChoice is required, and the engine called no tool");
    }
    let outcomes: readonly ToolOutcome[];
    if (open.length === 1) outcomes = [yield* callTool(run, (open[0] as OpenCall).call, tools, loop)];
    else {
      const all = inParallel(run, open, loop.maxParallelTools, (one) => callTool(run, one.call, tools, loop));
      outcomes = isThenable(all) ? ((yield waitFor(run, all, "a tool")) as readonly ToolOutcome[]) : all;
    }
    for (let index = 0; index < outcomes.length; index++) {
      const outcome = outcomes[index] as ToolOutcome;
      keepOutcome(run, blocks, open[index] as OpenCall, outcome);
      answered.add(outcome.call.id);
    }
    asked.seen = { blocks, count: blocks.length, last: blocks.at(-1) };
  }
  throw failure("max-iterations", `max iterations (${most}) reached`);
}

function whatToOffer(run: ActiveRun, { engine, tools, loop }: Parts): Asked["offer"] {
  const { toolChoice, allowedTools } = loop;
  const all = toolChoice === "none" ? [] : (tools?.list() ?? []);
  return {
    ...run.told,
    engineName: engine.name,
    tools: all.filter(({ name }) => allowedTools?.includes(name) ?? true),
    toolChoice,
    partial(delta) {
      const completion = (run.completion += delta);
      say(run, "partial", { delta, completion });
    },
    thinking(delta) {
      const completion = (run.thinking += delta);
      say(run, "partial-thinking", { delta, completion });
    },
  };
}

interface OpenCall {
  readonly call: HookCall;
  readonly block: Block;
}

/** The calls among the blocks from `start` on that have no result yet; `answered` has the ids of all that have one. */
function openCalls({ blocks }: Turn, start: number, answered: Set<unknown>): OpenCall[] {
  for (let index = start; index < blocks.length; index++) {
    const { kind, payload } = blocks[index] as Block;
    if (kind === "tool_use") answered.add(payload?.["id"]);
  }
  const open: OpenCall[] = [];
  for (let index = start; index < blocks.length; index++) {
    const block = blocks[index] as Block;
    if (block.kind !== "tool_call") continue;
    const { id = block.id, name, args = {} } = block.payload ?? {};
    if (typeof id !== "string" || typeof name !== "string") {
      throw new TypeError(`turn.blocks[${index}]: a tool call needs an id and a name`);
    }
    if (!answered.has(id)) open.push({ call: { id, name, args }, block });
  }
  return open;
}

/** The turn keeps the call as it was made, so that it fits its result. */
function keepOutcome(run: ActiveRun, blocks: Block[], { block }: OpenCall, outcome: ToolOutcome): void {
  const { call, result, error } = outcome;
  const { id, name, args } = call;
  const { payload = {} } = block;
  if (block.id !== id || payload["id"] !== id || payload["name"] !== name || payload["args"] !== args) {
    block.id = id;
    block.payload = { ...payload, id, name, args: clonePlain(args) };
  }
  blocks.push(toolUse(id, result, error));
  if (isHeard(run)) say(run, "tool-result", { toolResult: toolResult(outcome) });
}
