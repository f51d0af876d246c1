import { checkFunction, checkString } from "../internal/check-argument.ts";
import { messageOf } from "./inference-error.ts";
import { safeLog } from "./log.ts";
import { fromJS, type Middleware, type MiddlewareFunction, toMiddleware } from "./middleware.ts";
import { isThenable } from "./is-thenable.ts";
import type { Block, Turn } from "./turn.ts";

export interface Middlewares {
  /** A middleware of one's own function. */
  readonly fromJS: (fn: MiddlewareFunction, name?: string) => Middleware;
  /** Puts a system block first, in place of the one that it put there before. */
  readonly systemPrompt: (text: string) => Middleware;
  /** Puts every tool's result right behind the group of calls that it belongs to, in their order, as models demand. */
  readonly reorderToolResults: () => Middleware;
  /**
   * Tells of each question to the engine: before it, and when it was answered or failed. Default: the console. A log that fails
   * changes nothing.
   */
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
  fromJS,
  systemPrompt(text) {
    checkString("text", text);
    return changing(MARK, (blocks) => [
      { kind: "system", role: "system", payload: { text }, metadata: { middleware: MARK } },
      ...blocks.filter(({ metadata }) => metadata?.["middleware"] !== MARK),
    ]);
  },
  reorderToolResults: () => changing("reorderToolResults", reordered),
  logging(log = (entry) => console.log(JSON.stringify(entry))) {
    checkFunction("log", log);
    const safe = safeLog(log);
    return toMiddleware((turn, next, { sessionId, inferenceId, turnId }) => {
      const begunAt = Date.now();
      const tell = (
        phase: LogEntry["phase"],
        { blocks }: Turn,
        more: object = { durationMs: Date.now() - begunAt },
      ): void => safe({ phase, sessionId, inferenceId, turnId, blocks: blocks.length, ...more });
      const answered = (answer: Turn): Turn => {
        tell("answer", answer);
        return answer;
      };
      const failed = (error: unknown): never => {
        tell("error", turn, { durationMs: Date.now() - begunAt, error: messageOf(error) });
        throw error;
      };
      tell("ask", turn, {});
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

function changing(name: string, change: (blocks: readonly Block[]) => Block[]): Middleware {
  return toMiddleware((turn, next) => {
    turn.blocks = change(turn.blocks);
    return next(turn);
  }, name);
}

function reordered(blocks: readonly Block[]): Block[] {
  const results = new Map<unknown, Block>();
  for (const block of blocks) if (block.kind === "tool_use") results.set(block.payload?.["id"], block);
  const resultOf = ({ id, kind, payload }: Block): Block | undefined =>
    kind === "tool_call" ? results.get(payload?.["id"] ?? id) : undefined;
  const owned = new Set(blocks.map(resultOf));
  const out: Block[] = [];
  let group: Block[] = [];
  for (const block of blocks) {
    // Comes with its call.
    if (owned.has(block)) continue;
    const result = resultOf(block);
    if (block.kind !== "tool_call") {
      out.push(...group);
      group = [];
    } else if (result !== undefined) group.push(result);
    out.push(block);
  }
  return [...out, ...group];
}
