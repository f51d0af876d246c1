import { checkFunction, checkOptionalFunction, checkString } from "../internal/check-argument.ts";
import { BlockKind } from "./consts.ts";
import { messageOf } from "./inference-error.ts";
import { type Middleware, type MiddlewareFunction, toMiddleware } from "./middleware.ts";
import { isThenable } from "./steps.ts";
import type { Block, Turn } from "./turn.ts";
import { turns } from "./turns.ts";

export interface Middlewares {
  /** A middleware of one's own function. */
  readonly fromJS: (fn: MiddlewareFunction, name?: string) => Middleware;
  /** Puts a system block first, in place of the one that it put there before. */
  readonly systemPrompt: (text: string) => Middleware;
  /** Puts every tool's result right behind the group of calls that it belongs to, in their order, as models demand. */
  readonly reorderToolResults: () => Middleware;
  /** Tells of each question to the engine: before it, and when it was answered or failed. Default: the console. */
  readonly logging: (log?: (entry: LogEntry) => void) => Middleware;
}

export interface LogEntry {
  readonly phase: "ask" | "answer" | "error";
  readonly sessionId: string;
  readonly inferenceId: string;
  readonly turnId: string;
  readonly blocks: number;
  readonly durationMs?: number;
  readonly error?: string;
}

const MARK = "systemPrompt";

export const middlewares: Middlewares = {
  fromJS(fn, name) {
    checkFunction("fn", fn);
    return toMiddleware(fn, name);
  },
  systemPrompt(text) {
    checkString("text", text);
    return toMiddleware((turn, next) => {
      turn.blocks = turn.blocks.filter(({ metadata }) => metadata?.["middleware"] !== MARK);
      turn.blocks.unshift({ ...turns.newSystemBlock(text), metadata: { middleware: MARK } });
      return next(turn);
    }, MARK);
  },
  reorderToolResults() {
    return toMiddleware((turn, next) => {
      turn.blocks = reordered(turn.blocks);
      return next(turn);
    }, "reorderToolResults");
  },
  logging(log = (entry) => console.log(JSON.stringify(entry))) {
    checkOptionalFunction("log", log);
    return toMiddleware((turn, next, { sessionId, inferenceId, turnId }) => {
      const ids = { sessionId, inferenceId, turnId };
      const begunAt = Date.now();
      const since = (): number => Date.now() - begunAt;
      const answered = (answer: Turn): Turn => {
        log({ phase: "answer", ...ids, blocks: answer.blocks.length, durationMs: since() });
        return answer;
      };
      const failed = (error: unknown): never => {
        log({ phase: "error", ...ids, blocks: turn.blocks.length, durationMs: since(), error: messageOf(error) });
        throw error;
      };
      log({ phase: "ask", ...ids, blocks: turn.blocks.length });
      let answer: Turn | Promise<Turn>;
      try {
        answer = next(turn);
      } catch (error) {
        return failed(error);
      }
      return isThenable(answer) ? answer.then(answered, failed) : answered(answer);
    }, "logging");
  },
};

function reordered(blocks: readonly Block[]): Block[] {
  const results = new Map<unknown, Block>();
  for (const block of blocks) if (block.kind === BlockKind.TOOL_USE) results.set(block.payload?.["id"], block);
  const calls = blocks.filter(({ kind }) => kind === BlockKind.TOOL_CALL);
  const owned = new Set(calls.map((call) => results.get(callId(call))));
  const out: Block[] = [];
  let group: Block[] = [];
  const closeGroup = (): void => {
    for (const call of group) {
      const result = results.get(callId(call));
      if (result !== undefined) out.push(result);
    }
    group = [];
  };
  for (const block of blocks) {
    // Comes with its call.
    if (owned.has(block)) continue;
    if (block.kind !== BlockKind.TOOL_CALL) closeGroup();
    else group.push(block);
    out.push(block);
  }
  closeGroup();
  return out;
}

function callId(block: Block): unknown {
  return block.payload?.["id"] ?? block.id;
}
