import type {
  QuickJSContext,
  QuickJSHandle,
  QuickJSRuntime,
  QuickJSSyncVariant,
  QuickJSWASMModule,
} from "quickjs-emscripten-core";
import { newQuickJSWASMModuleFromVariant, newVariant } from "quickjs-emscripten-core";
import variant from "@jitl/quickjs-wasmfile-release-sync";
import { prelude } from "../../src/script/vm/prelude/prelude.ts";

/** quickjs-emscripten as its own documentation uses it: the same build, the same fixed memory, the same stack. */
export async function bareModule(memoryBytes: number): Promise<QuickJSWASMModule> {
  const pages = memoryBytes / 65_536;
  const wasmMemory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  // Under NodeNext the package's CommonJS declaration wraps its default once more than its ES module does.
  const sync = variant as unknown as QuickJSSyncVariant;
  return newQuickJSWASMModuleFromVariant(newVariant(sync, { wasmMemory }));
}

export interface BareContext {
  /** JSON text in, through the function, JSON text out, and all jobs that are then pending. */
  call(text: string): string;
  dispose(): void;
}

/** A context that evaluates the same prelude and then a module, and calls the function `name` of that. */
export function bareContext(quickjs: QuickJSWASMModule, source: string, name: string): BareContext {
  const runtime: QuickJSRuntime = quickjs.newRuntime({ maxStackSizeBytes: 32 * 1024 });
  let questions = 0;
  let end = performance.now() + 5_000;
  runtime.setInterruptHandler(() => ++questions > 100_000 || performance.now() > end);
  const context: QuickJSContext = runtime.newContext();
  const made: QuickJSHandle[] = [];
  const keep = (handle: QuickJSHandle): QuickJSHandle => (made.push(handle), handle);
  const evaluate = (code: string, file: string, type: "global" | "module"): QuickJSHandle =>
    keep(context.unwrapResult(context.evalCode(code, file, { type })));
  const start = evaluate(prelude, "prelude", "global");
  const settings = keep(context.newString(JSON.stringify({ hosts: [], maxPending: 1, maxFunctions: 1, maxText: 1 })));
  const random = keep(context.newFunction("random", () => context.newString("0")));
  keep(context.unwrapResult(context.callFunction(start, context.undefined, settings, random, random)));
  const namespace = evaluate(source, "script.js", "module");
  const fn = keep(context.getProp(namespace, name));
  const marshal = evaluate("(fn, text) => JSON.stringify(fn(...JSON.parse(text)))", "marshal", "global");
  return {
    call(text) {
      end = performance.now() + 5_000;
      questions = 0;
      const argument = context.newString(text);
      const result = context.unwrapResult(context.callFunction(marshal, context.undefined, fn, argument));
      argument.dispose();
      const answer = context.getString(result);
      result.dispose();
      while (runtime.hasPendingJob()) runtime.executePendingJobs(64);
      return answer;
    },
    dispose() {
      for (const handle of made.reverse()) handle.dispose();
      context.dispose();
      runtime.dispose();
    },
  };
}
