import type { ScriptEngine } from "../../src/script/index.ts";
import { quickjs } from "../../src/script/index.ts";

let wasmModule: WebAssembly.Module | undefined;

/** For runtimes that cannot read a file: whoever starts the suites imports the WebAssembly and gives it here. */
export function provideWasm(module: WebAssembly.Module): void {
  wasmModule = module;
}

/** QuickJS, loaded as this runtime loads it. */
export function testEngine(): ScriptEngine {
  return quickjs(wasmModule === undefined ? {} : { wasmModule });
}
