import type { ContextOptions, VmContext, VmInstance } from "../engine.ts";
import { ContextStopped, EngineFailure } from "../engine.ts";
import { QuickJsContext } from "./quickjs-context.ts";
import type { QuickJsModule } from "./quickjs-module.ts";
import { WasmText } from "./wasm-text.ts";

/**
 * One WebAssembly instance of QuickJS, and the contexts in it. Any exception out of WebAssembly (an abort, an
 * overflow of the host's stack, an access out of bounds) makes it fail for good: nothing in it is touched again, not
 * even to dispose of it, because that aborts too.
 */
export class QuickJsInstance implements VmInstance {
  readonly module: QuickJsModule;
  readonly text: WasmText;
  readonly #byRuntime = new Map<number, QuickJsContext>();
  #failure: EngineFailure | undefined = undefined;
  #active: QuickJsContext | undefined = undefined;

  constructor(module: QuickJsModule) {
    this.module = module;
    this.text = new WasmText(module);
    module.callbacks = {
      callFunction: (_, context, _this, argc, argv, hostRef) =>
        this.#answer(0, () => this.#find(context)?.callHost(hostRef, argc, argv) ?? 0),
      shouldInterrupt: (_, runtime) =>
        this.#answer(1, () => ((this.#byRuntime.get(runtime)?.shouldInterrupt() ?? true) ? 1 : 0)),
      loadModuleSource: (_, runtime, _context, name) =>
        this.#answer(0, () => this.#byRuntime.get(runtime)?.loadModule(name) ?? 0),
      // Names are names: nothing is resolved against anything.
      normalizeModule: (_, _runtime, _context, _base, name) => this.#answer(0, () => this.text.give(name)),
      freeHostRef: () => undefined,
    };
  }

  openContext(options: ContextOptions): VmContext {
    return this.guard(() => {
      const context = new QuickJsContext(this, options);
      this.#byRuntime.set(context.runtime, context);
      try {
        context.start(options);
      } catch (error) {
        context.dispose();
        throw error;
      }
      return context;
    });
  }

  /** Whatever runs now is stopped, also when it would rather catch the error: it would keep the memory from its neighbours. */
  memoryRanOut(): void {
    this.#active?.memoryRanOut();
  }

  forget(runtime: number): void {
    this.#byRuntime.delete(runtime);
  }

  dispose(): void {
    // The memory goes with the last reference to it; freeing what is in it first would only cost time.
    this.#byRuntime.clear();
    this.#failure ??= new EngineFailure("The VM was disposed of");
  }

  /** Runs what touches the instance. What is not one of our own errors came out of WebAssembly. */
  guard<T>(touch: () => T, active?: QuickJsContext): T {
    if (this.#failure !== undefined) throw this.#failure;
    this.#active = active;
    let result: T;
    try {
      result = touch();
    } catch (error) {
      if (error instanceof ContextStopped && this.#failure === undefined) throw error;
      this.#failure ??= error instanceof EngineFailure ? error : new EngineFailure("The VM failed", { cause: error });
      throw this.#failure;
    }
    this.#throwFailure();
    return result;
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** What QuickJS is told when it calls. Nothing may be thrown through it: WebAssembly frames would be left half done. */
  #answer(otherwise: number, give: () => number): number {
    try {
      return give();
    } catch (cause) {
      const outOfMemory = cause instanceof ContextStopped || (cause instanceof EngineFailure && cause.outOfMemory);
      this.#failure ??= new EngineFailure("The VM failed in a call to its host", { cause, outOfMemory });
      return otherwise;
    }
  }

  #find(context: number): QuickJsContext | undefined {
    for (const one of this.#byRuntime.values()) if (one.context === context) return one;
    return undefined;
  }
}
