import { TurnError } from "../errors.ts";
import { checkDuration, checkObject, checkOneOf, checkOptionalFunction } from "../internal/check-argument.ts";
import type { Clock } from "../internal/clock.ts";
import { systemClock } from "../internal/clock.ts";
import { createDeferred } from "../internal/deferred.ts";
import { describeValue } from "../internal/describe-value.ts";
import { checkHost, checkScript } from "./check-script.ts";
import type { HostFunction } from "./host-function.ts";
import type { ResolvedLimits } from "./limits.ts";
import { resolveLimits } from "./limits.ts";
import { tell } from "./owner/job-reports.ts";
import type { ScriptCallOptions } from "./pending-call.ts";
import { PendingCall } from "./pending-call.ts";
import type { Script, ScriptHome } from "./script.ts";
import { OpenScript } from "./script.ts";
import { VmHome } from "./vm-home.ts";
import type {
  ConsoleEntry,
  OpenScriptOptions,
  ScriptRuntime,
  ScriptRuntimeOptions,
  ScriptRuntimeStats,
} from "./script-runtime-contract.ts";
import type { Vm } from "./vm/vm.ts";

/*
 * The script runtime: scripts by tenant, each tenant in a VM of its own, at most `maxVms` of them.
 *
 * Job: to check what it is given, to find each script its home, to share out VMs, and to end everything. Not its job:
 * what a call does (script-context.ts), what a VM is (vm/), what a script is for.
 *
 * Invariants
 *  1. Two tenants never share a VM, and a VM never changes its tenant (V7).
 *  2. A VM is taken from a tenant only when none of its calls is pending.
 *  3. Every call is counted in its home from its making until it has settled, and it does settle.
 *  4. Nothing is accepted after `close`; when that has resolved, no VM, child process or timer is left (V5).
 */

/**
 * Runs scripts of tenants who are not trusted.
 *
 * @example
 * ```ts
 * import { createScriptRuntime, quickjs } from "turnwire/script";
 *
 * const runtime = createScriptRuntime({
 *   engine: quickjs(),
 *   host: { lookup: async ([id]) => ({ id, name: "Ada" }) },
 * });
 * const script = await runtime.openScript({
 *   tenant: "acme",
 *   source: "export default async (id) => `Hello, ${(await lookup(id)).name}`;",
 * });
 * await script.call("default", [7]); // "Hello, Ada"
 * await runtime.close();
 * ```
 */
export function createScriptRuntime(options: ScriptRuntimeOptions): ScriptRuntime {
  checkObject("options", options);
  checkObject("engine", options.engine);
  checkOneOf("isolation", options.isolation ?? "inline", ["inline", "process"]);
  checkHost(options.host);
  checkOptionalFunction("console", options.console);
  checkOptionalFunction("observe", options.observe);
  return new Runtime(options, resolveLimits(options.limits));
}

const DEFAULT_GRACE_MS = 5_000;

class Runtime implements ScriptRuntime {
  readonly #options: ScriptRuntimeOptions;
  readonly #limits: ResolvedLimits;
  readonly #clock: Clock;
  readonly #homes = new Map<string, VmHome>();
  readonly #scripts = new Set<OpenScript>();
  #vms = 0;
  #lastNumber = 0;
  #closing: Promise<void> | undefined = undefined;
  /** Resolves when a VM or a home may have become free. */
  #change = createDeferred<void>();

  constructor(options: ScriptRuntimeOptions, limits: ResolvedLimits) {
    this.#options = options;
    this.#limits = limits;
    this.#clock = options.clock ?? systemClock;
  }

  async openScript(options: OpenScriptOptions): Promise<Script> {
    const source = checkScript(options, this.#options.host ?? {}, this.#limits.sourceBytes);
    if (this.isClosed()) throw closedError();
    const tenant = options.tenant ?? "";
    const home = this.#homeOf(tenant);
    const hosts = { ...this.#options.host, ...options.host };
    const script = new OpenScript(this.#scriptHome(home, hosts, source.fileName), source);
    home.scripts += 1;
    this.#scripts.add(script);
    try {
      await script.open(options);
    } catch (error) {
      await script.close();
      throw error;
    }
    return script;
  }

  close(options: { readonly graceMs?: number } = {}): Promise<void> {
    const graceMs = options.graceMs ?? DEFAULT_GRACE_MS;
    if (!(graceMs >= 0)) throw new RangeError(`graceMs must be at least 0, got ${describeValue(graceMs)}`);
    this.#closing ??= this.#close(graceMs);
    return this.#closing;
  }

  isClosed(): boolean {
    return this.#closing !== undefined;
  }

  stats(): ScriptRuntimeStats {
    const homes = [...this.#homes.values()];
    return {
      vms: this.#vms,
      scripts: this.#scripts.size,
      calls: homes.reduce((sum, home) => sum + home.calls.size, 0),
      owners: Object.fromEntries(homes.map((home) => [home.tenant, home.owner.stats()])),
    };
  }

  #homeOf(tenant: string): VmHome {
    const known = this.#homes.get(tenant);
    if (known !== undefined) return known;
    const home = new VmHome(
      tenant,
      () => this.#makeVm(),
      (gone) => this.#vmGone(gone),
      (free) => this.#homeFree(free),
      this.#options.observe,
    );
    this.#homes.set(tenant, home);
    return home;
  }

  #scriptHome(home: VmHome, hosts: Readonly<Record<string, HostFunction>>, fileName: string): ScriptHome {
    const newCall: ScriptHome["newCall"] = (operation, options, settled) =>
      this.#newCall(home, operation, options, settled);
    return {
      newCall,
      ready: () => home.ready(),
      newContext: () => {
        const number = ++this.#lastNumber;
        return {
          clock: this.#clock,
          messageBytes: this.#limits.messageBytes,
          hosts,
          number,
          run: (operation, job, refused, labels) => home.run(operation, job, refused, labels),
          lostVm: (stop, vm) => void home.lose(stop, vm),
          contextClosed: () => void home.contexts.delete(number),
          console: (level, text) => this.#console({ level, text, tenant: home.tenant, fileName }),
          newCall,
        };
      },
      contextOpened: (number, context) => void home.contexts.set(number, context),
      closed: (script) => this.#scriptClosed(home, script),
    };
  }

  #newCall(
    home: VmHome,
    operation: string,
    options: ScriptCallOptions,
    settled: (call: PendingCall) => void,
  ): PendingCall {
    if (options.timeoutMs !== undefined) checkDuration("timeoutMs", options.timeoutMs);
    const isFull = home.calls.size >= this.#limits.maxQueuedCalls;
    const timeoutMs = options.timeoutMs ?? this.#limits.timeoutMs;
    const call = new PendingCall(++this.#lastNumber, operation, this.#clock, timeoutMs, options, (over) => {
      home.calls.delete(over);
      settled(over);
      if (home.calls.size === 0) this.#changed();
    });
    home.lastUsed = call.id;
    if (call.settled) return call;
    home.calls.add(call);
    if (this.isClosed()) call.fail(closedError());
    else if (isFull) {
      const message = `${home.calls.size - 1} calls are pending, the limit of maxQueuedCalls`;
      call.fail(new TurnError("script-limit", message, { retryable: true }));
    }
    return call;
  }

  /** A VM for a home: in a free place, in that of an idle tenant, or when one of these comes. */
  async #makeVm(): Promise<Vm> {
    while (this.#vms >= this.#limits.maxVms) {
      const idle = this.#longestIdle();
      if (idle !== undefined) {
        await idle.lose({ code: "vm-lost", message: "An idle VM made room for another tenant", wholeVm: true });
      } else await this.#changeOrTimeout();
      if (this.isClosed()) throw closedError();
    }
    this.#vms += 1;
    try {
      const { engine, isolation } = this.#options;
      if (isolation !== "process") return await engine.createVm(this.#limits);
      const { createProcessVm } = await import("./vm/process-vm.ts");
      return await createProcessVm(engine, this.#limits);
    } catch (error) {
      this.#vms -= 1;
      this.#changed();
      throw error;
    }
  }

  /** Waits until a VM may be idle. Calls whose time is over do not keep one, also when nothing has told them so. */
  async #changeOrTimeout(): Promise<void> {
    const { promise: change } = this.#change;
    let leftMs = Infinity;
    for (const { hasVm, calls } of this.#homes.values()) {
      if (!hasVm) continue;
      for (const call of calls) {
        call.endIfOverdue();
        leftMs = Math.min(leftMs, Math.max(0, call.leftMs()));
      }
    }
    if (leftMs === Infinity) return change;
    const timeout = createDeferred<void>();
    const stopTimer = this.#clock.after(leftMs, timeout.resolve);
    await Promise.race([change, timeout.promise]);
    stopTimer();
  }

  #calls(): PendingCall[] {
    return [...this.#homes.values()].flatMap((home) => [...home.calls]);
  }

  #longestIdle(): VmHome | undefined {
    let found: VmHome | undefined;
    for (const home of this.#homes.values()) {
      if (home.isIdle && (found === undefined || home.lastUsed < found.lastUsed)) found = home;
    }
    return found;
  }

  #vmGone(home: VmHome): void {
    this.#vms -= 1;
    this.#homeFree(home);
  }

  #homeFree(home: VmHome): void {
    this.#forgetIfUnused(home);
    this.#changed();
  }

  #scriptClosed(home: VmHome, script: OpenScript): void {
    if (!this.#scripts.delete(script)) return;
    home.scripts -= 1;
    this.#forgetIfUnused(home);
  }

  /** Tenants come and go; a home without scripts is kept only for its warm VM. */
  #forgetIfUnused(home: VmHome): void {
    if (home.scripts > 0 || home.wantsVm || home.calls.size > 0 || this.isClosed()) return;
    this.#homes.delete(home.tenant);
    void home.owner.shutdown({ graceMs: 0 });
  }

  #changed(): void {
    const change = this.#change;
    this.#change = createDeferred<void>();
    change.resolve();
  }

  #console(entry: ConsoleEntry): void {
    tell((said) => this.#options.console?.(said), entry, "The console hook of a script runtime threw");
  }

  async #close(graceMs: number): Promise<void> {
    await Promise.resolve();
    for (const call of this.#calls()) if (!call.begun) call.fail(closedError());
    await this.#grace(graceMs, () => this.#calls().length === 0);
    for (const call of this.#calls()) call.abandon(closedError());
    await Promise.all([...this.#scripts].map((script) => script.end(closedError())));
    for (const home of this.#homes.values()) {
      await home.end({ code: "vm-lost", message: "The script runtime was closed", wholeVm: true });
    }
    this.#homes.clear();
    this.#changed();
  }

  async #grace(graceMs: number, isDone: () => boolean): Promise<void> {
    if (graceMs === 0 || isDone()) return;
    const over = createDeferred<void>();
    let isOver = false;
    const stopTimer = this.#clock.after(graceMs, () => {
      isOver = true;
      over.resolve();
    });
    while (!isOver && !isDone()) await Promise.race([this.#change.promise, over.promise]);
    stopTimer();
  }
}

function closedError(): TurnError {
  return new TurnError("closed", "The script runtime was closed");
}
