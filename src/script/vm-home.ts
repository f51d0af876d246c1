import { TurnError } from "../errors.ts";
import type { PendingCall } from "./pending-call.ts";
import type { ScriptContext } from "./script-context.ts";
import type { JobReport, RuntimeOwner } from "./owner/owner-contract.ts";
import { createRuntimeOwner } from "./owner/runtime-owner.ts";
import type { Vm, VmStop } from "./vm/vm.ts";

/*
 * Where one tenant's scripts live: an owner and, on demand, a VM. Every touch of the VM is a job of the owner (V1). A VM
 * that is lost is forgotten here and made anew for the next call; the owner stays, so nobody's place in the queue is lost.
 */
export class VmHome {
  readonly tenant: string;
  readonly contexts: Map<number, ScriptContext> = new Map();
  /** Calls that have not settled. A home without any may lose its VM to another tenant. */
  readonly calls: Set<PendingCall> = new Set();
  readonly owner: RuntimeOwner;
  /** Scripts that are open. */
  scripts = 0;
  /** When it was last busy, as a count of the runtime's calls. */
  lastUsed = 0;
  readonly #make: (home: VmHome) => Promise<Vm>;
  readonly #gone: (home: VmHome) => void;
  readonly #free: (home: VmHome) => void;
  #vm: Vm | undefined = undefined;
  #making: Promise<Vm> | undefined = undefined;

  constructor(
    tenant: string,
    make: (home: VmHome) => Promise<Vm>,
    gone: (home: VmHome) => void,
    free: (home: VmHome) => void,
    observe: ((report: JobReport) => void) | undefined,
  ) {
    this.tenant = tenant;
    this.#make = make;
    this.#gone = gone;
    this.#free = free;
    const name = tenant === "" ? "script" : `script ${tenant}`;
    // Calls are counted where they come in; what continues a call that has begun is never refused.
    const maxQueue = Number.MAX_SAFE_INTEGER;
    // Whoever waits for a job hears of it from the script; the owner's own reports are for logs.
    this.owner = createRuntimeOwner({ name, maxQueue, observe: observe ?? ((): void => undefined) });
  }

  /** Whether it has a VM or waits for one. */
  get wantsVm(): boolean {
    return this.hasVm || this.#making !== undefined;
  }

  get hasVm(): boolean {
    return this.#vm !== undefined;
  }

  get isIdle(): boolean {
    return this.hasVm && this.calls.size === 0;
  }

  /** Makes sure of a VM; concurrent callers share one making. */
  ready(): Promise<unknown> | undefined {
    if (this.#vm !== undefined) return undefined;
    if (this.#making === undefined) {
      const making = this.#make(this);
      this.#making = making;
      const made = (vm: Vm | undefined): void => {
        this.#vm = vm;
        this.#making = undefined;
        void vm?.lost?.then((stop) => this.lose(stop, vm));
        // Whoever wanted it may have gone meanwhile.
        if (this.isIdle || vm === undefined) this.#free(this);
      };
      // A failure is heard by all who wait for it; the next call tries again.
      making.then(made, () => made(undefined));
    }
    return this.#making;
  }

  /** A job on the VM, in its turn. */
  run(
    operation: string,
    job: (vm: Vm) => void,
    refused: (error: unknown) => void,
    labels?: Readonly<Record<string, string>>,
  ): void {
    const turn = (): void => {
      if (this.#vm === undefined) {
        refused(new TurnError("vm-lost", "The VM was lost before this could run"));
        return;
      }
      try {
        job(this.#vm);
      } catch (cause) {
        // A fault of ours or of the engine: nothing is known about the VM any more.
        refused(new TurnError("vm-lost", "The VM failed", { cause }));
        void this.lose({ code: "vm-lost", message: String(cause), wholeVm: true });
      }
    };
    const options = labels === undefined ? undefined : { labels };
    if (!this.owner.post(operation, turn, options)) refused(new TurnError("closed", "The script runtime was closed"));
  }

  /** The VM is gone or has to go: all contexts in it are dead. Resolves when nothing is left of it. */
  lose(stop: VmStop, vm: Vm | undefined = this.#vm): void | Promise<void> {
    // Another one by now: whoever tells it is late.
    if (vm === undefined || vm !== this.#vm) return;
    this.#vm = undefined;
    const lost = [...this.contexts.values()];
    this.contexts.clear();
    for (const context of lost) context.lose(stop);
    const ended = vm.dispose();
    // A child process keeps its place until it has really gone.
    if (ended instanceof Promise) return ended.then(() => this.#gone(this));
    this.#gone(this);
  }

  /** Ends it for good: nothing is left, also of a VM that was still being made. */
  async end(stop: VmStop): Promise<void> {
    await this.owner.shutdown({ graceMs: 0 });
    // A making that fails leaves nothing, and its callers were told.
    await this.#making?.catch(() => undefined);
    await this.lose(stop);
  }
}
