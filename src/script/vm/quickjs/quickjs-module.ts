import { createDeferred } from "../../../internal/deferred.ts";

/*
 * QuickJS as compiled by the quickjs-emscripten project, by the functions that its WebAssembly exports. Pointers are
 * numbers. We call them directly and not through quickjs-emscripten-core's wrapper objects for one reason: that wrapper
 * does not look whether an allocation failed and then writes to address 0, and a hostile script can make every
 * allocation fail. (It also makes a call half as expensive and saves 11 kB.)
 *
 * What a function answers is a pointer to a value on the heap that we own and free, unless it says otherwise.
 */
export interface QuickJsModule {
  readonly HEAPU8: Uint8Array;
  readonly HEAP8: Int8Array;
  callbacks: QuickJsCallbacks;
  _malloc(bytes: number): number;
  _free(pointer: number): void;
  _QTS_NewRuntime(): number;
  _QTS_FreeRuntime(runtime: number): void;
  _QTS_RuntimeSetMaxStackSize(runtime: number, bytes: number): void;
  _QTS_RuntimeEnableInterruptHandler(runtime: number): void;
  _QTS_RuntimeEnableModuleLoader(runtime: number, normalizes: number): void;
  _QTS_NewContext(runtime: number, intrinsics: number): number;
  _QTS_FreeContext(context: number): void;
  _QTS_FreeValuePointer(context: number, value: number): void;
  _QTS_FreeValuePointerRuntime(runtime: number, value: number): void;
  /** A constant: not to be freed. */
  _QTS_GetUndefined(): number;
  _QTS_NewFloat64(context: number, value: number): number;
  _QTS_NewString(context: number, text: number): number;
  _QTS_NewError(context: number): number;
  _QTS_SetProp(context: number, object: number, name: number, value: number): void;
  _QTS_Throw(context: number, error: number): number;
  /** A C string that QTS_FreeCString frees. */
  _QTS_GetString(context: number, value: number): number;
  _QTS_FreeCString(context: number, text: number): void;
  _QTS_NewFunction(context: number, name: number, length: number, isConstructor: number, hostRef: number): number;
  /** Borrowed from the call. */
  _QTS_ArgvGetJSValueConstPointer(argv: number, index: number): number;
  _QTS_Call(context: number, func: number, thisValue: number, argc: number, argv: number): number;
  /** The pending exception when `value` stands for one, else 0. */
  _QTS_ResolveException(context: number, value: number): number;
  _QTS_Eval(context: number, code: number, length: number, fileName: number, detect: number, flags: number): number;
  /** 0 pending, 1 fulfilled, 2 rejected, negative: no promise. */
  _QTS_PromiseState(context: number, value: number): number;
  _QTS_IsJobPending(runtime: number): number;
  _QTS_ExecutePendingJob(runtime: number, most: number, contextOut: number): number;
}

/** What QuickJS calls on the host. The first argument is of use to builds that can suspend, and undefined in ours. */
export interface QuickJsCallbacks {
  callFunction(_: unknown, context: number, thisValue: number, argc: number, argv: number, hostRef: number): number;
  shouldInterrupt(_: unknown, runtime: number): number;
  loadModuleSource(_: unknown, runtime: number, context: number, name: string): number;
  normalizeModule(_: unknown, runtime: number, context: number, base: string, name: string): number;
  freeHostRef(_: unknown, runtime: number, hostRef: number): void;
}

export const EVAL_GLOBAL = 0;
export const EVAL_MODULE = 1;

/** How the module is made: given memory of a fixed size and what compiles to an instance. */
export type QuickJsLoader = (options: {
  readonly wasmMemory: WebAssembly.Memory;
  readonly instantiateWasm: (imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => void) => unknown;
  readonly print: (text: string) => void;
  readonly printErr: (text: string) => void;
}) => Promise<QuickJsModule>;

const PAGE_BYTES = 65_536;

/** A new instance with all the memory it will ever have. `memoryRanOut` hears of every allocation that fails. */
export async function instantiateQuickJs(
  load: QuickJsLoader,
  wasmModule: WebAssembly.Module,
  memoryBytes: number,
  memoryRanOut: () => void,
): Promise<QuickJsModule> {
  const pages = Math.ceil(memoryBytes / PAGE_BYTES);
  // Initial is maximum: growth inside a job aborts QuickJS, and its own memory limit does not hold.
  const wasmMemory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  // Emscripten's allocator asks for more before it gives up. QuickJS itself may then throw a bare null, or lose a promise
  // job without a word, so this is the one place where running out can be seen.
  Object.defineProperty(wasmMemory, "grow", {
    value: () => {
      memoryRanOut();
      throw new RangeError("The memory of the VM is fixed");
    },
  });
  // On Workers only the asynchronous form takes a module. A failure must reach the caller, and emscripten drops it.
  const failed = createDeferred<never>();
  const loaded = load({
    wasmMemory,
    instantiateWasm: (imports, done) => {
      void (async () => {
        try {
          done(await WebAssembly.instantiate(wasmModule, imports));
        } catch (error) {
          failed.reject(error);
        }
      })();
      return {};
    },
    // What emscripten says before it aborts; the exception that follows says the same.
    print: () => undefined,
    printErr: () => undefined,
  });
  return Promise.race([loaded, failed.promise]);
}
