import { checkList, checkName, checkObject, checkOneOf, checkOptionalFunction } from "../internal/check-argument.ts";
import type { Engine, EngineFunction } from "./engine.ts";
import { consoleLog, type Log, safeLog } from "./log.ts";
import { checkPart, type Middleware, type MiddlewareFunction, toMiddleware } from "./middleware.ts";
import type { ToolHooks } from "./tool-hooks.ts";
import type { Parts } from "./tool-loop.ts";
import { type Late, resolveToolLoop, type ToolLoopSettings } from "./tool-loop-settings.ts";
import type { ToolRegistry } from "./tool-registry.ts";

export interface SessionOptions {
  readonly engine: Engine | EngineFunction;
  /** Default: one that no other session has. */
  readonly sessionId?: string;
  /** The first is the outermost. */
  readonly middlewares?: readonly (Middleware | MiddlewareFunction)[];
  readonly tools?: ToolRegistry;
  readonly toolLoop?: ToolLoopSettings;
  /** Instead of `toolLoop.hooks`. */
  readonly toolHooks?: ToolHooks;
  /** Hears of what fails beside a run: listeners, hooks that may fail. Default `console.error`. */
  readonly log?: Log;
}

const KEYS = "engine sessionId middlewares tools toolLoop toolHooks log".split(" ");

export interface ResolvedSession extends Parts {
  readonly sessionId: string;
  readonly log: Log;
}

export function resolveSession(options: SessionOptions, createId: () => string, late: Late): ResolvedSession {
  checkObject("options", options);
  for (const key of Object.keys(options)) checkOneOf("An option of a session", key, KEYS);
  const { sessionId = createId(), middlewares = [], tools, toolLoop, toolHooks, log = consoleLog } = options;
  checkName("sessionId", sessionId);
  checkOptionalFunction("log", log);
  checkList("middlewares", middlewares);
  checkObject("tools", tools ?? {});
  const safe = safeLog(log);
  return {
    sessionId,
    engine: toEngine(options.engine),
    middlewares: middlewares.map((one) => toMiddleware(one)),
    tools,
    loop: resolveToolLoop(late, safe, toolLoop, toolHooks),
    log: safe,
  };
}

function toEngine(engine: Engine | EngineFunction): Engine {
  return typeof engine === "function"
    ? { name: engine.name || "function", infer: engine }
    : checkPart("engine", engine, "infer");
}
