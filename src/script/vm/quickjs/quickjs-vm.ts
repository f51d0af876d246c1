import { createInlineVm } from "../inline-vm.ts";
import type { Vm, VmLimits } from "../vm.ts";
import { QuickJsInstance } from "./quickjs-instance.ts";
import type { QuickJsLoader } from "./quickjs-module.ts";
import { instantiateQuickJs } from "./quickjs-module.ts";
import { quickJsWasmBytes } from "./wasm-file.ts";

/** A VM of QuickJS in this thread: an instance of its own, of compiled code that all of them share. */
export async function createQuickJsVm(given: WebAssembly.Module | undefined, limits: VmLimits): Promise<Vm> {
  const load = await loadQuickJs();
  const wasmModule = given ?? (await compileFromFile());
  const made: { instance?: QuickJsInstance } = {};
  const memoryRanOut = (): void => made.instance?.memoryRanOut();
  const module = await instantiateQuickJs(load, wasmModule, limits.memoryBytes, memoryRanOut);
  made.instance = new QuickJsInstance(module);
  return createInlineVm(made.instance, limits);
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
