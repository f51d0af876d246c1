import { TurnError } from "../errors.ts";
import type { PendingCall, ScriptCallOptions } from "./pending-call.ts";
import { ScriptContext } from "./script-context.ts";
import type { Again } from "./script-context.ts";
import type { ContextHost } from "./context-host.ts";
import type { ScriptSource } from "./vm/vm.ts";

/** A script that was opened. */
export interface Script {
  /** The names of all that it exports, sorted by the VM. */
  readonly exports: readonly string[];
  /**
   * Calls an exported function with JSON values. Functions and abort signals may stand among the arguments or as direct
   * fields of one: a function is a {@link HostFunction} that lives until the call has settled, a signal aborts in the
   * script too. Answers the result, a promise's included; functions in it, or in its direct fields, are script functions.
   */
  call(name: string, args?: readonly unknown[], options?: ScriptCallOptions): Promise<unknown>;
  /** The value of an export; functions anywhere in it are script functions. */
  read(name: string, options?: ScriptCallOptions): Promise<unknown>;
  /** Ends it; calls that are pending fail with `closed`. */
  close(): Promise<void>;
  isClosed(): boolean;
}

/** What a script needs of its runtime. */
export interface ScriptHome {
  /** A context in this tenant's VM, once there is a VM and a place in it. */
  newContext(): ContextHost;
  ready(): Promise<unknown> | undefined;
  newCall(operation: string, options: ScriptCallOptions, settled: (call: PendingCall) => void): PendingCall;
  contextOpened(number: number, context: ScriptContext): void;
  closed(script: OpenScript): void;
}

/**
 * A script and the context that it currently lives in. A context that was lost, for whatever reason, is made again for
 * the next call by evaluating the script anew; whoever calls does not notice, but what the script kept in variables is gone.
 */
export class OpenScript implements Script {
  readonly #home: ScriptHome;
  readonly #source: ScriptSource;
  #context: ScriptContext | undefined = undefined;
  #opening: Promise<ScriptContext> | undefined = undefined;
  #load: PendingCall | undefined = undefined;
  #exports: readonly string[] = [];
  #closed = false;
  #ended: Promise<void> | undefined = undefined;

  constructor(home: ScriptHome, source: ScriptSource) {
    this.#home = home;
    this.#source = source;
  }

  get exports(): readonly string[] {
    return this.#exports;
  }

  isClosed(): boolean {
    return this.#closed;
  }

  /** Evaluates the script for the first time. */
  async open(options: ScriptCallOptions): Promise<void> {
    await this.#open(options);
  }

  call(name: string, args: readonly unknown[] = [], options: ScriptCallOptions = {}): Promise<unknown> {
    return this.#submit(`call ${name}`, options, (context, call, again) => context.callExport(name, args, call, again));
  }

  read(name: string, options: ScriptCallOptions = {}): Promise<unknown> {
    return this.#submit(`read ${name}`, options, (context, call, again) => context.readExport(name, call, again));
  }

  close(): Promise<void> {
    return this.end(new TurnError("closed", "The script was closed"));
  }

  /** Whoever ends it waits for the same end: after that its owner may go, and with it what still waits for a turn. */
  end(error: TurnError): Promise<void> {
    this.#closed = true;
    this.#ended ??= this.#end(error);
    return this.#ended;
  }

  async #end(error: TurnError): Promise<void> {
    const closing = this.#context?.close(error);
    this.#load?.fail(error);
    await closing;
    await this.#opening?.catch(() => undefined);
    this.#home.closed(this);
  }

  #submit(operation: string, options: ScriptCallOptions, begin: Begin): Promise<unknown> {
    const context = this.#context;
    const call = this.#home.newCall(operation, options, (settled) => this.#context?.settled(settled));
    if (call.settled) return call.promise;
    if (this.#closed) call.fail(new TurnError("closed", "The script was closed"));
    else if (context !== undefined && !context.isDead) begin(context, call, () => this.#beginAnew(call, begin));
    else this.#beginAnew(call, begin);
    return call.promise;
  }

  /** Opens a context if need be, and begins there. Also for a call whose context was lost while it waited its turn. */
  #beginAnew(call: PendingCall, begin: Begin): void {
    call.watchTime();
    const context = this.#context;
    const open = context === undefined || context.isDead ? this.#open({}) : Promise.resolve(context);
    open.then(
      (fresh) => {
        if (!call.settled) begin(fresh, call, () => this.#beginAnew(call, begin));
      },
      (error: unknown) => call.fail(error),
    );
  }

  #open(options: ScriptCallOptions): Promise<ScriptContext> {
    this.#opening ??= this.#evaluate(options).finally(() => (this.#opening = undefined));
    return this.#opening;
  }

  async #evaluate(options: ScriptCallOptions): Promise<ScriptContext> {
    const load: { context?: ScriptContext } = {};
    const call = this.#home.newCall("load script", options, (settled) => load.context?.settled(settled));
    this.#load = call;
    call.watchTime();
    while (!call.settled) {
      await this.#ready(call);
      if (call.settled) break;
      const host = this.#home.newContext();
      const context = new ScriptContext(host);
      load.context = context;
      this.#home.contextOpened(host.number, context);
      const lostBefore = await new Promise<boolean>((resolve) => {
        context.open(this.#source, call, () => resolve(true));
        call.promise.then(
          () => resolve(false),
          () => resolve(false),
        );
      });
      if (!lostBefore) return this.#finish(context, call);
    }
    await call.promise;
    throw new TurnError("closed", "The script was closed");
  }

  async #ready(call: PendingCall): Promise<void> {
    try {
      await Promise.race([this.#home.ready(), call.promise]);
    } catch (error) {
      // There is no VM to be had: then nothing else would settle it.
      call.fail(error);
      throw error;
    }
  }

  async #finish(context: ScriptContext, call: PendingCall): Promise<ScriptContext> {
    try {
      await call.promise;
      if (this.#closed) throw new TurnError("closed", "The script was closed");
    } catch (error) {
      await context.close(new TurnError("closed", "The script could not be loaded"));
      throw error;
    }
    this.#context = context;
    this.#exports = context.exports;
    return context;
  }
}

type Begin = (context: ScriptContext, call: PendingCall, again: Again) => void;
