import type { ScriptEngine } from "../engine.ts";
import { QuickJsInstance } from "./quickjs-instance.ts";
import type { QuickJsLoader } from "./quickjs-module.ts";
import { instantiateQuickJs } from "./quickjs-module.ts";
import { quickJsWasmBytes } from "./wasm-file.ts";

export interface QuickJsOptions {
  /**
   * The compiled QuickJS. On Workers it has to be given, because nothing can be compiled there: `quickJsWasm` from
   * `turnwire/script/workerd`. On Node, Deno and Bun it is read from the installed package on first use.
   */
  readonly wasmModule?: WebAssembly.Module;
}

/**
 * QuickJS as the engine that runs scripts: the synchronous build of quickjs-emscripten. Nothing is loaded before the
 * first script is opened; the compiled code is shared by all of a program's VMs.
 *
 * @example
 * ```ts
 * import { createScriptRuntime, quickjs } from "turnwire/script";
 *
 * const runtime = createScriptRuntime({ engine: quickjs() });
 * const script = await runtime.openScript({ source: "export const add = (a, b) => a + b;" });
 * await script.call("add", [1, 2]); // 3
 * await runtime.close();
 * ```
 */
export function quickjs(options: QuickJsOptions = {}): ScriptEngine {
  const given = options.wasmModule;
  return {
    name: "quickjs",
    async instantiate({ memoryBytes }) {
      const load = await loadQuickJs();
      const wasmModule = given ?? (await compileFromFile());
      const made: { instance?: QuickJsInstance } = {};
      const memoryRanOut = (): void => made.instance?.memoryRanOut();
      made.instance = new QuickJsInstance(await instantiateQuickJs(load, wasmModule, memoryBytes, memoryRanOut));
      return made.instance;
    },
    child: {
      // Asked for late: a bundle for Workers has no place of its own.
      get program() {
        return new URL(`./quickjs-child.${import.meta.url.endsWith(".ts") ? "ts" : "js"}`, import.meta.url).href;
      },
      payload: quickJsWasmBytes,
    },
  };
}

let compiled: Promise<WebAssembly.Module> | undefined;

function compileFromFile(): Promise<WebAssembly.Module> {
  compiled ??= WebAssembly.compile(quickJsWasmBytes() as BufferSource);
  // A failure is not kept: the file may be there the next time.
  compiled.catch(() => (compiled = undefined));
  return compiled;
}

async function loadQuickJs(): Promise<QuickJsLoader> {
  const loaded: { readonly default: unknown } = await import("@jitl/quickjs-wasmfile-release-sync/emscripten-module");
  // Bundlers and Node differ in how often they wrap a CommonJS default.
  let found: unknown = loaded.default;
  while (typeof found === "object" && found !== null && "default" in found) found = found.default;
  return found as QuickJsLoader;
}
