import type { VmContext, VmInstance } from "./engine.ts";
import { ContextStopped, EngineFailure } from "./engine.ts";
import { NEXT_MESSAGE } from "./prelude/operations.ts";
import type { PreludeSettings } from "./prelude/operations.ts";
import { prelude } from "./prelude/prelude.ts";
import { extraMsForSource, Slice } from "./slice.ts";
import type { ScriptSource, Vm, VmLimits, VmReply, VmStop } from "./vm.ts";

/*
 * A VM in this thread: runs commands to their end, one slice each.
 *
 * Job: to enter the VM, pump its jobs at depth zero in batches with a look at the clock between them (V1), collect what
 * it wants of the host, and close a context that went over a limit (V6). Not its job: to know what a message means; to
 * call anything of the host (that happens when the reply is read, after the VM's stack has unwound: V4).
 *
 * Invariants
 *  1. Nothing is ever entered while something is entered.
 *  2. A stopped context is never entered again, and what it had asked of the host in that slice is dropped.
 *  3. After an EngineFailure nothing of the instance is touched, not even to dispose of it.
 */

const JOBS_PER_BATCH = 64;
const MAX_FUNCTIONS = 10_000;

// Its context was closed while it waited.
const UNBEGUN: VmReply = { messages: [], unbegun: true };

export function createInlineVm(instance: VmInstance, limits: VmLimits): Vm {
  return new InlineVm(instance, limits);
}

interface OpenContext {
  readonly vm?: VmContext;
  slice: Slice;
}

class InlineVm implements Vm {
  readonly #instance: VmInstance;
  readonly #limits: VmLimits;
  readonly #contexts = new Map<number, OpenContext>();

  constructor(instance: VmInstance, limits: VmLimits) {
    this.#instance = instance;
    this.#limits = limits;
  }

  open(id: number, script: ScriptSource): VmReply {
    const { sliceMs, stackBytes, messageBytes, maxPendingCalls } = this.#limits;
    const settings: PreludeSettings = {
      hosts: script.hosts,
      maxPending: maxPendingCalls,
      maxFunctions: MAX_FUNCTIONS,
      maxText: messageBytes,
    };
    // Opening a context is our work and not the script's, and the first one of a program takes its time.
    const open: { slice: Slice; vm?: VmContext } = { slice: new Slice(Number.MAX_SAFE_INTEGER) };
    return this.#run(id, open, () => {
      const vm = this.#instance.openContext({
        prelude,
        settings: JSON.stringify(settings),
        stackBytes,
        modules: new Map(script.modules),
        // Scripts are held to so many characters, the host counts their bytes: one message that is too long must not cost
        // the context. Details before the text are short, but they may name many functions.
        maxTextBytes: messageBytes * 3 + 65_536,
        shouldInterrupt: () => open.slice.shouldInterrupt(),
        overLimit: (message) => open.slice.overLimit(message),
        randomHex,
      });
      open.vm = vm;
      this.#contexts.set(id, open);
      open.slice = new Slice(sliceMs + extraMsForSource(script));
      return this.#settle(vm, open.slice, vm.evaluate(script.fileName, script.source));
    });
  }

  enter(id: number, operation: number, first: number, second: number, text: string | undefined): VmReply {
    const context = this.#contexts.get(id);
    const vm = context?.vm;
    if (context === undefined || vm === undefined) return UNBEGUN;
    const slice = new Slice(this.#limits.sliceMs);
    context.slice = slice;
    return this.#run(id, context, () => this.#settle(vm, slice, vm.enter(operation, first, second, text)));
  }

  close(id: number): void {
    const failure = this.#dispose(id);
    if (failure !== undefined) this.dispose();
  }

  dispose(): void {
    this.#contexts.clear();
    this.#instance.dispose();
  }

  /** Runs jobs until none is left, then takes what the context has to say. */
  #settle(vm: VmContext, slice: Slice, direct: string): string[] {
    const messages = direct === "" ? [] : [direct];
    let mayHaveMore = direct === "";
    while (vm.hasJobs() && slice.mayRunJobs(JOBS_PER_BATCH)) {
      vm.runJobs(JOBS_PER_BATCH);
      mayHaveMore = true;
    }
    if (!mayHaveMore || slice.verdict() !== undefined) return messages;
    for (;;) {
      const message = vm.enter(NEXT_MESSAGE, 0, 0, undefined);
      if (message === "") return messages;
      messages.push(message);
    }
  }

  #run(id: number, context: OpenContext, work: () => string[]): VmReply {
    let stopped: VmStop | undefined;
    try {
      const messages = work();
      stopped = context.slice.verdict();
      if (stopped === undefined) return { messages };
    } catch (error) {
      stopped = stopFor(error, context.slice);
    }
    if (!stopped.wholeVm) {
      const failure = this.#dispose(id);
      if (failure !== undefined) stopped = { ...stopped, wholeVm: true };
    }
    if (stopped.wholeVm) this.dispose();
    return { messages: [], stopped };
  }

  #dispose(id: number): EngineFailure | undefined {
    const context = this.#contexts.get(id);
    this.#contexts.delete(id);
    try {
      context?.vm?.dispose();
      return undefined;
    } catch (error) {
      if (error instanceof EngineFailure) return error;
      throw error;
    }
  }
}

function stopFor(error: unknown, slice: Slice): VmStop {
  const verdict = slice.verdict();
  if (error instanceof ContextStopped) {
    return verdict ?? { code: "script-limit", message: `The script was stopped: ${error.message}`, wholeVm: false };
  }
  if (!(error instanceof EngineFailure)) throw error;
  if (error.outOfMemory) return { code: "script-limit", message: error.message, wholeVm: true };
  return verdict === undefined
    ? { code: "vm-lost", message: `${error.message}: ${String(error.cause)}`, wholeVm: true }
    : { ...verdict, wholeVm: true };
}

function randomHex(): string {
  let text = "";
  for (const byte of crypto.getRandomValues(new Uint8Array(16))) text += byte.toString(16).padStart(2, "0");
  return text;
}
