import { runChild } from "../child-main.ts";
import { quickjs } from "./quickjs.ts";

// The program that a child process runs. It is given QuickJS's bytes, because it may read no file.
runChild(async (payload) => quickjs({ wasmModule: await WebAssembly.compile(payload as BufferSource) }));
