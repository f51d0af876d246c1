import type { Middleware } from "../inference/middleware.ts";
import type { ToolHooks } from "../inference/tool-hooks.ts";
import type { ToolRegistry } from "../inference/tool-registry.ts";
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
  if (options.runtime !== undefined && options.limits !== undefined) {
    throw new TypeError("limits belong to the runtime that is given: pass them there");
  }
  const { source, fileName = "script.js", tenant, limits = {} } = options;
  const runtime = options.runtime ?? createScriptRuntime({ engine: quickjs(), limits });
  let script: Script | undefined;
  const close = async (): Promise<void> => {
    await script?.close();
    if (options.runtime === undefined) await runtime.close({ graceMs: 0 });
  };
  try {
    script = await runtime.openScript({
      source: partsRunner(fileName),
      fileName: "turnwire:parts",
      modules: { ...(await guestModules(describeHost(options))), [fileName]: source },
      host: hostFunctions(options),
      ...(tenant === undefined ? {} : { tenant }),
    });
    // The inference core comes in here alone: a program that only runs scripts does without it.
    const { scriptParts } = await import("./script-parts.ts");
    return { ...scriptParts(script, await script.read("parts")), dispose: close };
  } catch (error) {
    // Also one that was opened: what it exports may be too long, or no parts at all.
    await close();
    throw error;
  }
}
