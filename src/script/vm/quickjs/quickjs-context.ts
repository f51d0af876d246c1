import type { ContextOptions, VmContext } from "../engine.ts";
import { ContextStopped, EngineFailure } from "../engine.ts";
import type { QuickJsInstance } from "./quickjs-instance.ts";
import type { QuickJsModule } from "./quickjs-module.ts";
import { EVAL_GLOBAL, EVAL_MODULE } from "./quickjs-module.ts";
import { ADOPT_NAMESPACE, ADOPT_PROMISE, DESCRIBE_ERROR, PRELUDE_FILE } from "../prelude/operations.ts";

const HOST_RANDOM = 1;
const HOST_OVER_LIMIT = 2;
const ARGUMENTS = 4;
const KEPT_NUMBERS = 32;
const NO_MEMORY = "The VM has no memory left (memoryBytes)";

/**
 * A QuickJS runtime with one context: globals, atoms and jobs of its own. A runtime per context costs little more than
 * a context and leaves nothing between two uses that one could find of the other.
 *
 * Invariant: every value that a QTS function hands out is freed in the same method, but for the entry function and the kept numbers, which
 * `dispose` frees. A value that is forgotten makes QuickJS abort when its runtime is freed.
 */
export class QuickJsContext implements VmContext {
  readonly runtime: number;
  readonly context: number;
  readonly #instance: QuickJsInstance;
  readonly #module: QuickJsModule;
  readonly #options: ContextOptions;
  readonly #undefined: number;
  // Four pointers for the arguments of a call, and one word for answers.
  readonly #argv: number;
  readonly #argvIndex: number;
  readonly #heap: Int32Array;
  // Values that are used again and again and freed with the context; undefined is a constant of the engine's.
  readonly #numbers: number[] = [];
  readonly #kept = new Set<number>();
  #entry = 0;
  #disposed = false;

  constructor(instance: QuickJsInstance, options: ContextOptions) {
    const { module } = instance;
    this.#instance = instance;
    this.#module = module;
    this.#options = options;
    this.#heap = new Int32Array(module.HEAPU8.buffer);
    this.#undefined = module._QTS_GetUndefined();
    this.#kept.add(this.#undefined);
    this.#argv = instance.text.allocate((ARGUMENTS + 1) * 4);
    this.#argvIndex = this.#argv >> 2;
    this.runtime = this.#made(module._QTS_NewRuntime());
    module._QTS_RuntimeSetMaxStackSize(this.runtime, options.stackBytes);
    this.context = this.#made(module._QTS_NewContext(this.runtime, 0));
    module._QTS_RuntimeEnableInterruptHandler(this.runtime);
    module._QTS_RuntimeEnableModuleLoader(this.runtime, 1);
  }

  /** Evaluates the prelude. The context can be called back from here on. */
  start(options: ContextOptions): void {
    const prelude = this.#eval(options.prelude, PRELUDE_FILE, EVAL_GLOBAL);
    try {
      const settings = this.#newText(options.settings);
      const random = this.#newFunction(HOST_RANDOM);
      const overLimit = this.#newFunction(HOST_OVER_LIMIT);
      this.#entry = this.#result(this.#callAndFree(prelude, [settings, random, overLimit]));
      for (let value = 0; value < KEPT_NUMBERS; value++) this.#number(value);
    } finally {
      this.#free(prelude);
    }
  }

  evaluate(fileName: string, source: string): string {
    return this.#instance.guard(() => {
      const value = this.#evalRaw(source, fileName, EVAL_MODULE);
      const error = this.#module._QTS_ResolveException(this.context, value);
      if (error !== 0) {
        this.#free(value);
        return this.#enter(DESCRIBE_ERROR, 0, 0, error);
      }
      // A promise where the module awaits at its top level.
      const isPromise = this.#module._QTS_PromiseState(this.context, value) >= 0;
      return this.#enter(isPromise ? ADOPT_PROMISE : ADOPT_NAMESPACE, 0, 0, value);
    }, this);
  }

  enter(operation: number, first: number, second: number, text: string | undefined): string {
    return this.#instance.guard(
      () => this.#enter(operation, first, second, text === undefined ? this.#undefined : this.#newText(text)),
      this,
    );
  }

  hasJobs(): boolean {
    return this.#instance.guard(() => this.#module._QTS_IsJobPending(this.runtime) !== 0);
  }

  runJobs(most: number): void {
    this.#instance.guard(() => {
      // What a job throws is its own promise's affair; that it was interrupted shows in what the caller counts.
      const ran = this.#module._QTS_ExecutePendingJob(this.runtime, most, this.#argv + ARGUMENTS * 4);
      this.#module._QTS_FreeValuePointerRuntime(this.runtime, this.#made(ran));
    }, this);
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#instance.guard(() => {
      for (const value of this.#numbers) this.#free(value);
      if (this.#entry !== 0) this.#free(this.#entry);
      this.#module._QTS_FreeContext(this.context);
      this.#module._QTS_FreeRuntime(this.runtime);
      this.#module._free(this.#argv);
      this.#instance.forget(this.runtime);
    });
  }

  memoryRanOut(): void {
    this.#options.overLimit(NO_MEMORY);
  }

  shouldInterrupt(): boolean {
    return this.#disposed || this.#options.shouldInterrupt();
  }

  /** Called by QuickJS: one of the two functions that the prelude was given. */
  callHost(hostRef: number, argc: number, argv: number): number {
    if (hostRef === HOST_RANDOM) {
      return this.#instance.text.lend(this.#options.randomHex(), (at) => this.#module._QTS_NewString(this.context, at));
    }
    if (argc > 0) {
      const message = this.#readText(this.#module._QTS_ArgvGetJSValueConstPointer(argv, 0));
      this.#options.overLimit(message);
    }
    return 0;
  }

  /** Called by QuickJS for an import: a copy of the source, or 0 with an error thrown. */
  loadModule(name: string): number {
    const source = this.#options.modules.get(name);
    if (source !== undefined) return this.#instance.text.give(source);
    const module = this.#module;
    const error = this.#made(module._QTS_NewError(this.context));
    const key = this.#newText("message");
    const message = this.#newText(
      `Cannot find module ${JSON.stringify(name.slice(0, 200))}: scripts import what they are given`,
    );
    module._QTS_SetProp(this.context, error, key, message);
    for (const value of [key, message]) this.#free(value);
    this.#free(this.#made(module._QTS_Throw(this.context, error)));
    this.#free(error);
    return 0;
  }

  #enter(operation: number, first: number, second: number, last: number): string {
    const args = [this.#number(operation), this.#number(first), this.#number(second), last];
    const result = this.#result(this.#callAndFree(this.#entry, args));
    try {
      return this.#readText(result);
    } finally {
      this.#free(result);
    }
  }

  /** Operations and the functions of most scripts have small numbers; those are made once. */
  #number(value: number): number {
    const known = this.#numbers[value];
    if (known !== undefined) return known;
    const made = this.#made(this.#module._QTS_NewFloat64(this.context, value));
    if (value === this.#numbers.length && value < KEPT_NUMBERS) {
      this.#numbers.push(made);
      this.#kept.add(made);
    }
    return made;
  }

  #callAndFree(func: number, args: readonly number[]): number {
    for (let i = 0; i < args.length; i++) this.#heap[this.#argvIndex + i] = this.#made(args[i] ?? 0);
    const result = this.#module._QTS_Call(this.context, func, this.#undefined, args.length, this.#argv);
    for (const arg of args) if (!this.#kept.has(arg)) this.#free(arg);
    return result;
  }

  /** A value that is no exception. The prelude catches what scripts throw, so an exception here is not a script's own. */
  #result(value: number): number {
    const error = this.#module._QTS_ResolveException(this.context, this.#made(value));
    if (error === 0) return value;
    this.#free(value);
    const text = this.#describe(error);
    this.#free(error);
    throw new ContextStopped(text);
  }

  /** "InternalError: out of memory": by the engine's own words, since script code may not run any more. */
  #describe(error: number): string {
    const pointer = this.#module._QTS_GetString(this.context, error);
    if (pointer === 0) return NO_MEMORY;
    const text = this.#instance.text.read(pointer, 2_000) ?? "";
    this.#module._QTS_FreeCString(this.context, pointer);
    return text;
  }

  #eval(code: string, fileName: string, flags: number): number {
    return this.#result(this.#evalRaw(code, fileName, flags));
  }

  #evalRaw(code: string, fileName: string, flags: number): number {
    const { text } = this.#instance;
    // Both are copies of their own: the place for short texts is used again while this runs.
    const name = text.give(fileName);
    const source = text.give(code);
    try {
      const bytes = text.length(source);
      return this.#made(this.#module._QTS_Eval(this.context, source, bytes, name, 0, flags));
    } finally {
      this.#module._free(source);
      this.#module._free(name);
    }
  }

  #newText(text: string): number {
    const value = this.#made(this.#instance.text.lend(text, (at) => this.#module._QTS_NewString(this.context, at)));
    return this.#result(value);
  }

  #newFunction(hostRef: number): number {
    return this.#instance.text.lend("", (name) => this.#module._QTS_NewFunction(this.context, name, 0, 0, hostRef));
  }

  #readText(value: number): string {
    const pointer = this.#module._QTS_GetString(this.context, value);
    if (pointer === 0) throw new ContextStopped(NO_MEMORY);
    const text = this.#instance.text.read(pointer, this.#options.maxTextBytes);
    this.#module._QTS_FreeCString(this.context, pointer);
    if (text === undefined) throw new ContextStopped(`A message is longer than ${this.#options.maxTextBytes} bytes`);
    return text;
  }

  /** A null pointer is an allocation that failed. What else it would have freed is unknown: the engine is given up. */
  #made(pointer: number): number {
    if (pointer === 0) throw new EngineFailure(NO_MEMORY, { outOfMemory: true });
    return pointer;
  }

  #free(value: number): void {
    this.#module._QTS_FreeValuePointer(this.context, value);
  }
}
