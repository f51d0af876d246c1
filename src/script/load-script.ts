import type { Middleware, NextMiddleware } from "../inference/middleware.ts";
import type { RunContext } from "../inference/run-context.ts";
import type { HookContext, ToolHooks } from "../inference/tool-hooks.ts";
import { createTools, type ToolDefinition, type ToolRegistry } from "../inference/tool-registry.ts";
import type { Turn } from "../inference/turn.ts";
import { checkObject, checkString } from "../internal/check-argument.ts";
import { guestModules } from "./guest/guest-modules.ts";
import { partsRunner } from "./guest/parts-runner.ts";
import type { ScriptLimits } from "./limits.ts";
import { checkProductHost, describeHost, hostFunctions, type ProductHost } from "./product-host.ts";
import type { Script } from "./script.ts";
import { createScriptRuntime } from "./script-runtime.ts";
import type { ScriptRuntime } from "./script-runtime-contract.ts";
import { quickjs } from "./vm/quickjs/quickjs.ts";

export interface LoadScriptOptions extends ProductHost {
  /** An ES module that exports any of `middlewares` (a list), `tools` (a registry or a list) and `toolHooks`. */
  readonly source: string;
  readonly fileName?: string;
  readonly tenant?: string;
  /** Where it runs. Default: a runtime of its own with QuickJS inline, closed by `dispose`. */
  readonly runtime?: ScriptRuntime;
  /** Of that own runtime. */
  readonly limits?: ScriptLimits;
}

/** A script's parts, for a session on the host. All of them are asynchronous: each call is a job of the VM's owner. */
export interface LoadedScript {
  readonly middlewares: readonly Middleware[];
  readonly tools: ToolRegistry;
  readonly toolHooks: ToolHooks;
  /** Closes the script; its parts fail from then on. */
  readonly dispose: () => Promise<void>;
}

interface Parts {
  readonly middlewares: readonly string[];
  readonly tools: readonly ToolDefinition[];
  readonly hooks: readonly string[];
  readonly failOpen: boolean;
}

/**
 * Loads what a tenant's script adds to a session of the host.
 *
 * @example
 * ```ts
 * import { createSession, engines } from "turnwire/inference";
 * import { loadScript } from "turnwire/script";
 *
 * const script = await loadScript({
 *   source: `
 *     export const middlewares = [async (turn, next) => next(turn)];
 *     export const tools = [{ name: "add", handler: ({ a, b }) => a + b }];
 *   `,
 * });
 * const { middlewares, tools, toolHooks } = script;
 * const session = createSession({ engine: engines.echo(), middlewares, tools, toolHooks });
 * await script.dispose();
 * ```
 */
export async function loadScript(options: LoadScriptOptions): Promise<LoadedScript> {
  checkObject("options", options);
  checkString("source", options.source);
  checkProductHost(options);
  const { source, fileName = "script.js", tenant, limits = {} } = options;
  const runtime = options.runtime ?? createScriptRuntime({ engine: quickjs(), limits });
  const close = async (): Promise<void> => {
    if (options.runtime === undefined) await runtime.close({ graceMs: 0 });
  };
  try {
    const script = await runtime.openScript({
      source: partsRunner(fileName),
      fileName: "turnwire:parts",
      modules: { ...(await guestModules(describeHost(options))), [fileName]: source },
      host: hostFunctions(options),
      ...(tenant === undefined ? {} : { tenant }),
    });
    const parts = (await script.read("parts")) as Parts;
    return {
      middlewares: parts.middlewares.map((name, index) => scriptMiddleware(script, name, index)),
      tools: scriptTools(script, parts.tools),
      toolHooks: scriptHooks(script, parts),
      async dispose() {
        await script.close();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
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

function scriptTools(script: Script, definitions: readonly ToolDefinition[]): ToolRegistry {
  const registry = createTools({}).createRegistry();
  for (const definition of definitions) {
    const { name } = definition;
    registry.register({
      ...definition,
      handler: (args: unknown, context) => script.call("tool", [name, args, context], callOptions(context)),
    });
  }
  return registry;
}

function scriptHooks(script: Script, { hooks, failOpen }: Parts): ToolHooks {
  const hook = (name: string) => (context: HookContext) =>
    script.call("hook", [name, context], callOptions(context)) as Promise<object | undefined>;
  return { ...Object.fromEntries(hooks.map((name) => [name, hook(name)])), failOpen };
}
