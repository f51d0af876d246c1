import type { Engine, EngineFunction } from "./engine.ts";
import type { Middleware, MiddlewareFunction } from "./middleware.ts";
import type { Session } from "./session.ts";
import type { SessionOptions } from "./session-options.ts";
import type { ToolHooks } from "./tool-hooks.ts";
import type { ToolLoopSettings } from "./tool-loop-settings.ts";
import type { ToolRegistry } from "./tool-registry.ts";

/** Collects what a session is made of. Each session that it builds is its own. */
export interface SessionBuilder {
  withEngine(engine: Engine | EngineFunction): this;
  /** Inside of those that were used before. */
  useMiddleware(middleware: Middleware | MiddlewareFunction): this;
  withTools(tools: ToolRegistry, toolLoop?: ToolLoopSettings): this;
  withToolLoop(toolLoop: ToolLoopSettings): this;
  withToolHooks(toolHooks: ToolHooks): this;
  buildSession(options?: Partial<SessionOptions>): Session;
}

export function createSessionBuilder(
  given: Partial<SessionOptions>,
  createSession: (options: SessionOptions) => Session,
): SessionBuilder {
  let options = { ...given };
  const add = (more: Partial<SessionOptions>): SessionBuilder => {
    options = { ...options, ...more };
    return builder;
  };
  const builder: SessionBuilder = {
    withEngine: (engine) => add({ engine }),
    useMiddleware: (middleware) => add({ middlewares: [...(options.middlewares ?? []), middleware] }),
    withTools: (tools, toolLoop) => add({ tools, ...(toolLoop && { toolLoop }) }),
    withToolLoop: (toolLoop) => add({ toolLoop }),
    withToolHooks: (toolHooks) => add({ toolHooks }),
    buildSession(more = {}) {
      const { engine, ...rest } = { ...options, ...more };
      if (engine === undefined) throw new TypeError("A session needs an engine: call withEngine first");
      return createSession({ ...rest, engine });
    },
  };
  return builder;
}
