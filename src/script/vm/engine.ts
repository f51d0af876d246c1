/*
 * The contract of what runs JavaScript inside a VM: what the rest of this folder needs from one, and all that it may use of one.
 *
 * Only plain data crosses it: numbers and text. No handle, pointer or host object of an engine is ever seen outside the
 * engine's own folder, so none can be kept, leaked or used from a second place.
 *
 * Everything below is synchronous and belongs to one owner: it is called at depth zero of its VM only, never from
 * inside one of the functions that a context was given.
 */

/** One VM with memory of its own. It is lost as a whole when the engine itself fails. */
export interface VmInstance {
  openContext(options: ContextOptions): VmContext;
  /** Drops it. Contexts that are still open are gone with it. */
  dispose(): void;
}

export interface ContextOptions {
  /** Evaluated first. A function expression that is given `settings` and answers with the entry function. */
  readonly prelude: string;
  /** JSON text for the prelude. */
  readonly settings: string;
  readonly stackBytes: number;
  /** Sources by the name under which scripts import them. */
  readonly modules: ReadonlyMap<string, string>;
  /** The longest text that a context may hand out, in bytes. */
  readonly maxTextBytes: number;
  /** Asked now and then while scripts run; true ends them with an error that they cannot catch. */
  shouldInterrupt(): boolean;
  /** Called by the prelude when a script goes over a limit that the prelude counts. */
  overLimit(message: string): void;
  /** Thirty-two random hexadecimal digits. */
  randomHex(): string;
}

/** One isolated global scope with its own queue of jobs. */
export interface VmContext {
  /** Evaluates a module and hands its namespace to the prelude. A script's own failure comes out of `enter`, as text. */
  evaluate(fileName: string, source: string): string;
  /** Calls the prelude's entry function. */
  enter(operation: number, first: number, second: number, text: string | undefined): string;
  hasJobs(): boolean;
  runJobs(most: number): void;
  dispose(): void;
}

/** The engine itself failed: its memory cannot be trusted, it must be dropped and not even disposed. */
export class EngineFailure extends Error {
  override readonly name: string = "EngineFailure";
  /** Whether it failed for want of memory, which then is what the script that ran did wrong. */
  readonly outOfMemory: boolean;

  constructor(message: string, options: { readonly cause?: unknown; readonly outOfMemory?: boolean } = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.outOfMemory = options.outOfMemory ?? false;
  }
}

/** A script was stopped in a place where it had no say: interrupted, or out of memory or stack. Its context must be closed. */
export class ContextStopped extends Error {
  override readonly name: string = "ContextStopped";
}
