import { answerOf, type Asked, beginToAsk, titleAt } from "./ask-engine.ts";
import { type ActiveRun, beginRun, checkRun, endRun, failRun, isHeard, say } from "./active-run.ts";
import { callTool, toolCall, type ToolOutcome, toolResult } from "./call-tool.ts";
import type { Engine } from "./engine.ts";
import { failure } from "./inference-error.ts";
import type { Middleware } from "./middleware.ts";
import { clonePlain } from "./plain-data.ts";
import { inParallel, mustWait, type Steps } from "./steps.ts";
import type { HookCall } from "./tool-hooks.ts";
import type { ResolvedToolLoop } from "./tool-loop-settings.ts";
import type { ToolRegistry } from "./tool-registry.ts";
import { answerText, type Block, checkBlock, checkTurnItself, copyTurns, firstUnseen, type Turn } from "./turn.ts";
import { toolUse } from "./turns.ts";

/** What answers a session's turns. */
export interface Parts {
  readonly engine: Engine;
  readonly middlewares: readonly Middleware[];
  readonly tools: ToolRegistry | undefined;
  readonly loop: ResolvedToolLoop;
}

/**
 * A run from its begin to its end: asks the engine through the middlewares, makes the calls of its answer, and asks again,
 * until it calls nothing. The answer is kept, then said.
 */
export function* answerTurn(
  run: ActiveRun,
  turn: Turn,
  parts: Parts,
  signal: AbortSignal | undefined,
  keep: (answer: Turn) => void,
): Steps<Turn> {
  try {
    beginRun(run, signal);
    const { tools, loop } = parts;
    const answered = new Set<unknown>();
    const asked: Asked = {
      ...parts,
      offer: whatToOffer(run, parts),
      traceId: turn.metadata?.["trace_id"],
      seen: { blocks: turn.blocks, count: 0, last: undefined },
    };
    const { seen } = asked;
    const title = titleAt(0, asked);
    const whose = answerOf(title);
    const loops = tools !== undefined && loop.enabled;
    let current = turn;
    for (let iteration = 1; ; iteration++) {
      // As \`askAt\` does it, without a generator of its own for each question.
      let answer = beginToAsk(0, run, asked, current);
      if (mustWait(run, answer, title)) answer = yield answer;
      checkRun(run);
      current = checkTurnItself(answer ?? current, whose);
      const { blocks } = current;
      const start = firstUnseen(blocks, seen);
      if (start === 0) answered.clear();
      const open = openCalls(blocks, start, answered, whose);
      if (isHeard(run)) {
        for (const { call } of open) say(run, "tool-call", { toolCall: toolCall(call) });
      }
      if (!loops) break;
      if (open.length === 0) {
        if (iteration > 1 || loop.toolChoice !== "required") break;
        throw failure("tool-failed", "toolChoice is required, and the engine called no tool");
      }
      if (open.length === 1) {
        const only = open[0] as OpenCall;
        keepOutcome(run, blocks, only, yield* callTool(run, only.call, tools, loop), answered);
      } else {
        const all = inParallel(run, open, loop.maxParallelTools, (one) => callTool(run, one.call, tools, loop));
        const outcomes = mustWait(run, all, "a tool") ? ((yield all) as readonly ToolOutcome[]) : all;
        for (const [index, outcome] of outcomes.entries()) {
          keepOutcome(run, blocks, open[index] as OpenCall, outcome, answered);
        }
      }
      if (iteration >= loop.maxIterations) {
        throw failure("max-iterations", `max iterations (${loop.maxIterations}) reached`);
      }
      seen.blocks = blocks;
      seen.last = blocks[(seen.count = blocks.length) - 1];
    }
    checkRun(run);
    // One is the history's, one the caller's: whoever answered keeps neither.
    const { one, other } = copyTurns(current, "The answer", true);
    keep(one);
    endRun(run, "final", { text: answerText(one) });
    return other;
  } catch (thrown) {
    throw failRun(run, thrown);
  }
}

function whatToOffer(run: ActiveRun, { engine, tools, loop }: Parts): Asked["offer"] {
  const { toolChoice, allowedTools } = loop;
  const all = toolChoice === "none" ? [] : (tools?.list() ?? []);
  return {
    ...run.told,
    timestampMs: 0,
    engineName: engine.name,
    tools: allowedTools === undefined ? all : all.filter(({ name }) => allowedTools.includes(name)),
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

/**
 * The calls among the blocks from `start` on, which are checked, that have no result yet; `answered` has the ids of all that
 * have one.
 */
function openCalls(blocks: readonly Block[], start: number, answered: Set<unknown>, whose: string): OpenCall[] {
  const calls: OpenCall[] = [];
  let used = false;
  for (let index = start; index < blocks.length; index++) {
    const block = checkBlock(blocks[index], whose, index);
    const { kind, payload = {} } = block;
    if (kind === "tool_use") {
      answered.add(payload["id"]);
      used = true;
    } else if (kind === "tool_call") {
      const { id = block.id, name, args = {} } = payload;
      if (typeof id !== "string" || typeof name !== "string") {
        throw new TypeError(`turn.blocks[${index}]: a tool call needs an id and a name`);
      }
      if (!answered.has(id)) calls.push({ call: { id, name, args }, block });
    }
  }
  // A result may stand behind its call.
  return used ? calls.filter(({ call }) => !answered.has(call.id)) : calls;
}

/** The turn keeps the call as it was made, so that it fits its result. */
function keepOutcome(
  run: ActiveRun,
  blocks: Block[],
  { block }: OpenCall,
  outcome: ToolOutcome,
  answered: Set<unknown>,
): void {
  const { call, result, error } = outcome;
  const { id, name, args } = call;
  const { payload = {} } = block;
  if (block.id !== id || payload["id"] !== id || payload["name"] !== name || payload["args"] !== args) {
    block.id = id;
    block.payload = { ...payload, id, name, args: clonePlain(args) };
  }
  blocks.push(toolUse(id, result, error));
  answered.add(id);
  if (isHeard(run)) say(run, "tool-result", { toolResult: toolResult(outcome) });
}
