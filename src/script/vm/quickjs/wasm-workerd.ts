import wasmModule from "#quickjs/module.wasm";

/** QuickJS's WebAssembly, compiled, for `quickjs({ wasmModule })` on Workers: the bundle carries it once, as a module. */
export const quickJsWasm: WebAssembly.Module = wasmModule;
