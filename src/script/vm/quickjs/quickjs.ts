import type { ScriptEngine } from "../script-engine.ts";

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
  return {
    name: "quickjs",
    async createVm(limits) {
      const { createQuickJsVm } = await import("./quickjs-vm.ts");
      return createQuickJsVm(options.wasmModule, limits);
    },
    child: {
      // Asked for late: a bundle for Workers has no place of its own.
      get program() {
        return new URL(`./quickjs-child.${import.meta.url.endsWith(".ts") ? "ts" : "js"}`, import.meta.url).href;
      },
      async payload() {
        const { quickJsWasmBytes } = await import("./wasm-file.ts");
        return quickJsWasmBytes();
      },
    },
  };
}
