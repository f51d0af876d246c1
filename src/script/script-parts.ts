import type { Middleware, NextMiddleware } from "../inference/middleware.ts";
import type { RunContext } from "../inference/run-context.ts";
import type { HookContext, ToolHooks } from "../inference/tool-hooks.ts";
import { failure } from "../inference/inference-error.ts";
import { compileSchema } from "../inference/json-schema.ts";
import { type CompileSchema, createTools, type ToolDefinition, type ToolRegistry } from "../inference/tool-registry.ts";
import type { Turn } from "../inference/turn.ts";
import { fieldsOf } from "../internal/fields-of.ts";
import type { Script } from "./script.ts";

/** What the script says that it exports. */
interface Parts {
  readonly middlewares: readonly string[];
  readonly tools: readonly ToolDefinition[];
  readonly hooks: readonly string[];
  readonly failOpen: boolean;
}

/** A script's exports as a session of the host takes them: each call is a job of the VM's owner. */
export function scriptParts(
  script: Script,
  exported: unknown,
): { readonly middlewares: readonly Middleware[]; readonly tools: ToolRegistry; readonly toolHooks: ToolHooks } {
  const parts = exported as Parts;
  return {
    middlewares: parts.middlewares.map((name, index) => scriptMiddleware(script, name, index)),
    tools: scriptTools(script, parts.tools),
    toolHooks: scriptHooks(script, parts),
  };
}

/** What the script is told: plain data, and the run's signal. */
function callOptions({ sessionId, inferenceId, signal }: Partial<RunContext>): {
  readonly signal?: AbortSignal;
  readonly labels: Readonly<Record<string, string>>;
} {
  const labels = {
    ...(sessionId === undefined ? {} : { session: sessionId }),
    ...(inferenceId === undefined ? {} : { inference: inferenceId }),
  };
  return signal === undefined ? { labels } : { signal, labels };
}

function scriptMiddleware(script: Script, name: string, index: number): Middleware {
  return {
    name,
    fn(turn, next, context) {
      const below = ([given]: readonly unknown[]): ReturnType<NextMiddleware> => next(given as Turn | undefined);
      return script.call("middleware", [index, turn, below, context], callOptions(context)) as Promise<Turn>;
    },
  };
}

/**
 * Refuses a schema that cannot be checked, and checks nothing by it: the registry inside the VM does. A tenant's pattern can
 * take hours for a short text, which the VM's limits stop and nothing would here.
 */
const compileOnly: CompileSchema = (schema, place) => {
  compileSchema(schema, place);
  return () => undefined;
};

/** What the script's registry refuses is refused as it would be here, so that it is not tried again. */
function passOn(error: unknown): never {
  const { code, message } = fieldsOf(fieldsOf(error)["cause"]);
  throw code === "tool-refused" ? failure(code, String(message), error) : error;
}

function scriptTools(script: Script, definitions: readonly ToolDefinition[]): ToolRegistry {
  const registry = createTools({}, compileOnly).createRegistry();
  for (const definition of definitions) {
    const { name } = definition;
    registry.register({
      ...definition,
      handler: (args: unknown, context) =>
        script.call("tool", [name, args, context], callOptions(context)).catch(passOn),
    });
  }
  return registry;
}

function scriptHooks(script: Script, { hooks, failOpen }: Parts): ToolHooks {
  const hook = (name: string) => (context: HookContext) =>
    script.call("hook", [name, context], callOptions(context)) as Promise<object | undefined>;
  return { ...Object.fromEntries(hooks.map((name) => [name, hook(name)])), failOpen };
}
