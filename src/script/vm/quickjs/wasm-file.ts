import { nodeBuiltin } from "../node-builtin.ts";

const SPECIFIER = "@jitl/quickjs-wasmfile-release-sync/wasm";
let bytes: Uint8Array | undefined;

/** QuickJS's WebAssembly from the installed package, on Node, Deno and Bun. */
export function quickJsWasmBytes(): Uint8Array {
  if (bytes !== undefined) return bytes;
  const modules = nodeBuiltin<NodeModule>("node:module");
  const files = nodeBuiltin<NodeFs>("node:fs");
  if (modules === undefined || files === undefined) {
    throw new TypeError("This runtime cannot read files: give quickjs() a wasmModule");
  }
  bytes = files.readFileSync(modules.createRequire(import.meta.url).resolve(SPECIFIER));
  return bytes;
}

interface NodeModule {
  createRequire(from: string): { resolve(specifier: string): string };
}

interface NodeFs {
  readFileSync(path: string): Uint8Array;
}
